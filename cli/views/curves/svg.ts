import * as Plot from "@observablehq/plot";
import { constantAnswer } from "../../store/score-direction.js";
import { formatValue, plural } from "../format.js";
import { clip } from "../parts/fit.js";
import { epochAxis, valueAxis } from "../parts/plot-axes.js";
import { seriesColours } from "../parts/series-colours.js";
import {
  EDGE,
  FAMILY,
  GREY,
  heading,
  LINE,
  label,
  markup,
  nested,
  newDocument,
  notes,
  page,
  roomOf,
} from "../parts/svg.js";
import type { OfRun } from "../view.js";
import { type CurvesData, lastText, NOTHING, type Panel, panelsOf, type Series } from "./data.js";

const WIDTH = 720;
/** Height of one chart with the line above it. */
const PANEL = 220;
const TOP = 44;
/** Up to this many points are marked; more would hide their line. */
const FEW = 40;

/** Charts below each other, and a legend of the runs. */
export function curvesSvg(shown: readonly OfRun<CurvesData>[]): string {
  const panels = panelsOf(shown);
  const colour = seriesColours(shown.length);
  const [first] = shown;
  const title = shown.length === 1 && first ? `${first.run}  ${first.label}` : plural(shown.length, "run");
  const document = newDocument();
  const body = TOP + panels.length * PANEL;
  const names = new Map(panels.flatMap(({ series }) => series.map(({ index, name }) => [index, name])));
  const legend = shown.length > 1 ? [...names].toSorted(([a], [b]) => a - b) : [];
  return page({
    width: WIDTH,
    height: body + legend.length * LINE + 14,
    title: `curves: ${title}`,
    parts: [
      heading(title, WIDTH),
      ...(panels.length === 0 ? notes([NOTHING], TOP) : []),
      ...panels.map((panel, i) => nested(chart(panel, shown.length > 1, colour, document), 0, TOP + i * PANEL)),
      ...legend.flatMap(([index, name], i) => legendLine(name, colour(index), body + 8 + i * LINE)),
    ],
  });
}

function legendLine(name: string, colour: string, y: number): string[] {
  return [
    `<rect x="${EDGE}" y="${y - 5}" width="20" height="3" fill="${colour}"/>`,
    label(EDGE + 28, y, clip(name, roomOf(WIDTH) - 6), `font-size="11" fill="${GREY}"`),
  ];
}

function chart(panel: Panel, several: boolean, colour: (index: number) => string, document: Document): string {
  const lines = panel.series.map((series) => ({ ...series, stroke: colour(series.index) }));
  const points = panel.series.flatMap((one) => one.points);
  const plot = Plot.plot({
    document,
    width: WIDTH,
    height: PANEL,
    marginTop: 30,
    marginLeft: 64,
    marginRight: 24,
    marginBottom: 34,
    style: { fontSize: "11px", fontFamily: FAMILY },
    x: epochAxis(points.map(({ x }) => x)),
    y: { label: null, ...valueAxis(points.map(({ y }) => y)), ticks: 5 },
    marks: [
      Plot.text([titleOf(panel, several)], {
        text: (text: string) => text,
        frameAnchor: "top-left",
        dy: -24,
        fontSize: 12,
      }),
      ...(panel.majority === null ? [] : [Plot.ruleY([panel.majority], { stroke: GREY, strokeDasharray: "4 3" })]),
      ...lines.flatMap(({ points, stroke }) => [
        Plot.line(points, { x: "x", y: "y", stroke, strokeWidth: 1.6 }),
        ...(points.length <= FEW ? [Plot.dot(points, { x: "x", y: "y", fill: stroke, r: 2.2 })] : []),
      ]),
    ],
  });
  return markup(plot);
}

function titleOf({ title, majority, series }: Panel, several: boolean): string {
  const beside = majority === null ? "" : ` (dashed: ${constantAnswer(title)} ${formatValue(majority)})`;
  const broken = series.flatMap(({ points }) => points).filter(({ y }) => y === null).length;
  const [first] = series;
  if (!several && first) return `${title}${beside}: ${lastText(first as Series)}`;
  return `${title}${beside}${broken > 0 ? `; ${plural(broken, "value")} not finite` : ""}`;
}
