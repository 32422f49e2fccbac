import { extent } from "../parts/extent.js";
import { quantitative, vegaLite } from "../parts/vega.js";
import type { ParetoData, ParetoSet } from "./data.js";
import { paretoTitle, xScale } from "./drawn.js";

/** For each set of comparable rows, below each other: points, their intervals, and the front as a line. */
export const paretoVega = ({ sets }: ParetoData): object => vegaLite({ vconcat: sets.map(setOf) });

function setOf(set: ParetoSet): object {
  const { x, y, points } = set;
  const values = points.map((point) => ({
    ...{ name: point.name, x: point.x, y: point.y, low: point.y_low, high: point.y_high, seeds: point.n },
    front: point.front ? "front" : "dominated",
  }));
  const scale = { zero: false };
  // A symmetric logarithm has a place for zero.
  const [least] = extent(points.flatMap((point) => (point.x > 0 ? point.x : [])));
  const xAxis = xScale(set).log ? { ...scale, type: "symlog", constant: least } : scale;
  const place = {
    x: { ...quantitative("x"), title: x.heading, scale: xAxis },
    y: { ...quantitative("y"), title: y.heading, scale },
  };
  return {
    title: paretoTitle(set),
    width: 480,
    height: 320,
    data: { values },
    layer: [
      {
        transform: [{ filter: "datum.front === 'front'" }],
        mark: { type: "line", color: "#0072b2", interpolate: x.better === "lower" ? "step-after" : "step-before" },
        encoding: { ...place, order: { field: "x", type: "quantitative" } },
      },
      {
        mark: { type: "rule", color: "#999999" },
        encoding: { x: place.x, y: { ...place.y, field: "low" }, y2: { field: "high" } },
      },
      {
        mark: { type: "point", filled: true, size: 60, tooltip: { content: "data" } },
        encoding: { ...place, color: { field: "front", type: "nominal", title: null } },
      },
      {
        mark: { type: "text", dy: -10, fontSize: 10 },
        encoding: { ...place, text: { field: "name", type: "nominal" } },
      },
    ],
  };
}
