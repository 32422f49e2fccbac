import { quantitative, vegaLite } from "../parts/vega.js";
import type { OfRun } from "../view.js";
import { type CurvesData, panelsOf } from "./data.js";

/** A chart for each measure, below each other. */
export function curvesVega(shown: readonly OfRun<CurvesData>[]): object {
  const panels = panelsOf(shown);
  return vegaLite({
    title: shown.length === 1 ? `${shown[0]?.run}  ${shown[0]?.label}` : `${shown.length} runs`,
    data: {
      values: panels.flatMap(({ title, series }) =>
        series.flatMap(({ name, points }) =>
          points.map(({ x, y }) => ({ run: name, measure: title, epoch: x, value: y })),
        ),
      ),
    },
    facet: { row: { field: "measure", type: "nominal", sort: panels.map(({ title }) => title), title: null } },
    spec: {
      width: 560,
      height: 160,
      mark: { type: "line", point: true },
      encoding: {
        x: quantitative("epoch"),
        y: { ...quantitative("value"), title: null, scale: { zero: false } },
        color: { field: "run", type: "nominal", title: null },
      },
    },
    resolve: { scale: { y: "independent" } },
  });
}
