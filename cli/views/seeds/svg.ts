import * as Plot from "@observablehq/plot";
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
import { oneLine } from "../parts/visible.js";
import type { SeedCurves, SeedPanel } from "./data.js";
import { curveText, NOTHING, panelTitle } from "./text.js";

const WIDTH = 720;
const CHART = 300;
const TOP = 44;

interface Part {
  height: number;
  draw: (y: number) => string[];
}

/** For each set of comparable rows, below each other: a chart and a legend of its lines. */
export function seedsSvg({ of, panels }: SeedCurves): string {
  const document = newDocument();
  const parts = panels.map((panel) => partOf(panel, document));
  let height = 0;
  const drawn = parts.flatMap((part) => {
    const y = height;
    height += part.height;
    return part.draw(y);
  });
  return page({ width: WIDTH, height: height + 8, title: clip(`curves: ${of}`, 200), parts: drawn });
}

function partOf(panel: SeedPanel, document: Document): Part {
  const { curves } = panel;
  const colour = seriesColours(curves.length);
  const several = curves.some(({ runs }) => runs.length > 1);
  const bottom = TOP + CHART;
  return {
    height: bottom + (curves.length + (several ? 1 : 0)) * LINE + 20,
    draw: (y) => [
      heading(panelTitle(panel), WIDTH, y),
      ...(curves.length === 0
        ? notes([NOTHING], y + TOP + LINE)
        : [nested(chart(panel, colour, document), 0, y + TOP)]),
      ...curves.flatMap((curve, i) => [
        `<rect x="${EDGE}" y="${y + bottom + 7 + i * LINE}" width="20" height="3" fill="${colour(i)}"/>`,
        label(
          EDGE + 28,
          y + bottom + 12 + i * LINE,
          clip(curveText(curve), roomOf(WIDTH) - 6),
          `font-size="11" fill="${GREY}"`,
        ),
      ]),
      ...(several
        ? notes(
            ["line: mean over seeds; band: from the lowest to the highest seed"],
            y + bottom + 12 + curves.length * LINE,
          )
        : []),
    ],
  };
}

function chart({ curves, metric, majority }: SeedPanel, colour: (index: number) => string, document: Document): string {
  const lines = curves.map(({ runs, points }, i) => ({ points, stroke: colour(i), band: runs.length > 1 }));
  const points = curves.flatMap((curve) => curve.points);
  const plot = Plot.plot({
    document,
    width: WIDTH,
    height: CHART,
    ...{ marginTop: 20, marginLeft: 64, marginRight: 24, marginBottom: 34 },
    style: { fontSize: "11px", fontFamily: FAMILY },
    x: epochAxis(points.map(({ epoch }) => epoch)),
    y: { label: oneLine(metric), labelAnchor: "center", ...valueAxis(points.map(({ mean }) => mean)), ticks: 6 },
    marks: [
      ...(majority === null ? [] : [Plot.ruleY([majority], { stroke: GREY, strokeDasharray: "4 3" })]),
      ...lines
        .filter(({ band }) => band)
        .map(({ points, stroke }) =>
          Plot.areaY(points, { x: "epoch", y1: "low", y2: "high", fill: stroke, fillOpacity: 0.15 }),
        ),
      ...lines.map(({ points, stroke }) => Plot.line(points, { x: "epoch", y: "mean", stroke, strokeWidth: 1.6 })),
      // A line of one point would be invisible.
      ...lines
        .filter(({ points }) => points.length === 1)
        .map(({ points, stroke }) => Plot.dot(points, { x: "epoch", y: "mean", fill: stroke, r: 3 })),
    ],
  });
  return markup(plot);
}
