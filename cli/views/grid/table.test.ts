import { expect, test } from "vitest";
import { tableFile } from "../../export/table-file.js";
import { sampleGrid, sampleRows } from "../fixtures/grid.js";
import { expectVegaLite } from "../fixtures/vega-lite.js";
import { gridPivot, gridTable } from "./table.js";
import { gridVega } from "./vega.js";

const grid = sampleGrid(
  sampleRows({ seeds: 2, change: ({ position }) => (position < 2 ? { state: "failed", value: null } : {}) }),
);

test("for programs: a row for each cell, with scores as they are stored", async () => {
  const [head, first, second] = String(await tableFile(gridTable(grid), "csv")).split("\r\n");
  expect(head).toBe(
    "experiment,method.merges,method.injections,score,state,seeds,seeds_planned,mean,deviation,best,separable,p,coincides,parameters,runs",
  );
  expect(first).toBe("mrpc-grid,0,0,accuracy,failed,0,2,,,false,,,false,36864,0000000000000000 0010000000000000");
  expect(second).toMatch(/^mrpc-grid,0,1,accuracy,finished,2,2,0\.8836\d*,0\.00176\d*,false,false,1,false,37632,/);
});

test("for people: the grid, with the spread and the signs of each cell", async () => {
  expect(await tableFile(gridPivot(grid), "latex")).toBe(String.raw`% \usepackage{booktabs}
% accuracy × 100 after the best epoch, mean of 2 seeds; bold: the best; ~ not separable from the best; × failed; ± standard deviation over seeds
\begin{tabular}{lllll}
\toprule
merges M / injections I & 0 & 1 & 2 & 3 \\
\midrule
0 & × & 88.36 $\pm$ 0.18 \textasciitilde{} & 88.11 $\pm$ 0.18 \textasciitilde{} & 88.61 $\pm$ 0.18 \textasciitilde{} \\
1 & 88.61 $\pm$ 0.18 \textasciitilde{} & 88.86 $\pm$ 0.18 \textasciitilde{} & 89.09 $\pm$ 0.18 \textasciitilde{} & \textbf{89.34 $\pm$ 0.18} \\
2 & 88.11 $\pm$ 0.18 \textasciitilde{} & 88.36 $\pm$ 0.18 \textasciitilde{} & 88.86 $\pm$ 0.18 \textasciitilde{} & 88.61 $\pm$ 0.18 \textasciitilde{} \\
\bottomrule
\end{tabular}
`);
});

test("values of an axis that are numbers and texts make a column of text", () => {
  const mixed = sampleGrid(
    sampleRows({ change: ({ axes }) => ({ axes: { ...axes, "method.merges": axes["method.merges"] || "none" } }) }),
  );
  expect(gridTable(mixed).columns[1]).toMatchObject({ key: "method.merges", type: "text" });
  expect(new Set(gridTable(mixed).rows.map((row) => row[1]))).toEqual(new Set(["none", "1", "2"]));
});

test("for Vega-Lite: the same numbers, in the order of the axes", () => {
  const spec = gridVega(grid) as { data: { values: object[] } };
  expectVegaLite(spec);
  expect(spec.data.values[7]).toMatchObject({ row: "1", column: "3", seeds: 2, text: "89.34 ± 0.18 *" });
});
