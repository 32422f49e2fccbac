import * as Plot from "@observablehq/plot";
import { setTitle } from "../compare/cell-texts.js";
import { numberFormat } from "../compare/values.js";
import { clip } from "../parts/fit.js";
import { FAMILY, GREY, heading, LINE, markup, nested, newDocument, notes, page } from "../parts/svg.js";
import { oneLine } from "../parts/visible.js";
import type { ParetoData, ParetoPoint, ParetoSet } from "./data.js";

const WIDTH = 720;
const CHART = 380;
const TOP = 44;
const FRONT = "#0072b2";
/** Characters of a name beside its point. */
const NAME = 28;
/** Names of dominated rows are left out where there are more points. */
const FEW = 12;

/** For each set of comparable rows, below each other: the front as a line through named points, the others in grey. */
export function paretoSvg({ of, sets }: ParetoData): string {
  const document = newDocument();
  const block = TOP + CHART + 2 * LINE;
  const parts = sets.flatMap((set, i) => [
    heading(setTitle(set), WIDTH, i * block),
    ...(set.points.length === 0
      ? notes(["no row has both measures yet"], i * block + TOP + LINE)
      : [nested(chart(set, document), 0, i * block + TOP)]),
    ...notes([legendOf(set)], i * block + TOP + CHART + LINE),
  ]);
  return page({ width: WIDTH, height: sets.length * block + 8, title: clip(`pareto: ${of}`, 200), parts });
}

function legendOf({ points }: ParetoSet): string {
  const several = points.some(({ n }) => n > 1);
  const bars = several ? "; means over seeds, bars: 95 % interval of the mean" : "";
  return `blue: no other row is as good in both and better in one${bars}`;
}

function chart({ points, x, y }: ParetoSet, document: Document): string {
  const front = points.filter((point) => point.front).toSorted((a, b) => a.x - b.x);
  const named = points.length <= FEW ? points : front;
  const format = numberFormat(
    x,
    points.map((point) => point.x),
  );
  const plot = Plot.plot({
    document,
    width: WIDTH,
    height: CHART,
    ...{ marginLeft: 70, marginRight: 110, marginTop: 20, marginBottom: 40 },
    style: { fontSize: "11px", fontFamily: FAMILY, overflow: "visible" },
    x: { label: oneLine(x.heading), labelArrow: "none", nice: true, ticks: 6, tickFormat: format },
    y: { label: oneLine(y.heading), labelArrow: "none", nice: true, grid: true },
    marks: [
      Plot.line(front, { x: "x", y: "y", stroke: FRONT, strokeWidth: 1.4 }),
      Plot.ruleX(
        points.filter(({ y_low }) => y_low !== null),
        { x: "x", y1: "y_low", y2: "y_high", stroke: GREY, strokeWidth: 0.8 },
      ),
      Plot.dot(points, { x: "x", y: "y", r: 4, fill: (point: ParetoPoint) => (point.front ? FRONT : "#999999") }),
      Plot.text(named, {
        x: "x",
        y: "y",
        text: (point: ParetoPoint) => clip(oneLine(point.name), NAME),
        ...{ dx: 7, dy: -7, textAnchor: "start", fontSize: 10 },
        fill: (point: ParetoPoint) => (point.front ? "black" : GREY),
      }),
    ],
  });
  return markup(plot);
}
