import { ordered, quantitative, vegaLite } from "../parts/vega.js";
import type { Grid } from "./grid.js";
import { axisTitle, footnotes, measureText, nameOf, subjectText } from "./marks.js";
import { cellText } from "./table.js";

/** Cells in the colours of their scores, with the numbers of the other pictures. Scores are as they are stored. */
export function gridVega(grid: Grid): object {
  const width = grid.cols.values.length;
  const values = grid.cells.map((cell, i) => ({
    row: grid.rows.texts[Math.floor(i / width)],
    column: grid.cols.texts[i % width],
    ...{ score: cell.mean, deviation: cell.deviation, seeds: cell.n, state: cell.state, text: cellText(grid, cell) },
    ...{ separable: cell.separable, p: cell.p, parameters: cell.parameters },
  }));
  return vegaLite({
    title: { text: nameOf(grid), subtitle: [subjectText(grid), measureText(grid), ...footnotes(grid)] },
    width: { step: 84 },
    height: { step: 40 },
    data: { values },
    encoding: {
      x: ordered("column", grid.cols.texts, axisTitle(grid.cols)),
      y: ordered("row", grid.rows.texts, axisTitle(grid.rows)),
    },
    layer: [
      {
        mark: { type: "rect", tooltip: { content: "data" } },
        encoding: {
          color: {
            ...quantitative("score"),
            title: grid.score.name,
            scale: { scheme: "viridis", reverse: grid.score.lowerIsBetter },
          },
        },
      },
      {
        mark: { type: "text", stroke: "white", strokeWidth: 3 },
        encoding: { text: { field: "text", type: "nominal" } },
      },
      { mark: { type: "text", color: "black" }, encoding: { text: { field: "text", type: "nominal" } } },
    ],
  });
}
