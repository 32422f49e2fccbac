import type { DataTable, Value } from "../../export/data-table.js";
import { dataColumn, RUNS_COLUMN } from "../parts/data-column.js";
import type { AxisValue } from "./axis-values.js";
import type { GridCell } from "./cell.js";
import type { Grid } from "./grid.js";
import { type GridMap, type MapName, mapOf } from "./map.js";
import { axisTitle, legendOf, marksOf, scoreText, signOf, spreadText } from "./marks.js";

/** A row for each cell, for programs. Scores are as they are stored. */
export function gridTable(grid: Grid): DataTable {
  const axis = (key: string, values: readonly AxisValue[]) =>
    dataColumn(key, values.every((value) => typeof value === "number") ? numeric(values) : "text");
  return {
    columns: [
      dataColumn("experiment", "text"),
      axis(grid.rows.key, grid.rows.values),
      axis(grid.cols.key, grid.cols.values),
      ...[dataColumn("score", "text"), dataColumn("state", "text"), dataColumn("seeds", "integer")],
      ...[dataColumn("seeds_planned", "integer"), dataColumn("mean", "real"), dataColumn("deviation", "real")],
      ...[dataColumn("best", "boolean"), dataColumn("separable", "boolean"), dataColumn("p", "real")],
      ...[dataColumn("coincides", "boolean"), dataColumn("parameters", "real"), RUNS_COLUMN],
    ],
    rows: grid.cells.map((cell) => [
      ...[grid.experiment.name, valueIn(cell.row, grid.rows.values), valueIn(cell.col, grid.cols.values)],
      ...[grid.score.name, cell.state, cell.n, cell.of, cell.mean, cell.deviation],
      ...[cell.best, cell.separable, cell.p, cell.coincides !== null, cell.parameters, cell.runs.join(" ")],
    ]),
  };
}

const numeric = (values: readonly AxisValue[]) => (values.every(Number.isInteger) ? "integer" : "real");

/** Numbers beside texts are texts. */
const valueIn = (value: AxisValue, all: readonly AxisValue[]): Value =>
  value === null || all.every((one) => typeof one === "number") ? value : String(value);

/** The grid as people read it: a row for each value of the rows' axis, with the mean and spread of each cell. */
export function gridPivot(grid: Grid, show: MapName = "score"): DataTable {
  const map = mapOf(grid, show);
  // The best is bold instead of marked.
  const shown = (cell: GridCell) => {
    const unmarked = { ...cell, best: false };
    return show === "score" ? cellText(grid, unmarked) : valueText(map, unmarked);
  };
  const width = grid.cols.values.length;
  const signs = legendOf(grid, show === "score").filter(([sign]) => sign !== "*" && sign !== "±");
  return {
    columns: [
      dataColumn(`${axisTitle(grid.rows)} / ${axisTitle(grid.cols)}`, "text"),
      ...grid.cols.texts.map((text) => dataColumn(text, "text")),
    ],
    rows: grid.rows.texts.map((text, i) => [text, ...grid.cells.slice(i * width, (i + 1) * width).map(shown)]),
    strong: grid.cells.flatMap(({ best }, i) => (best ? [[Math.floor(i / width), 1 + (i % width)]] : [])),
    note: [
      map.measure,
      ...(grid.cells.some(({ best }) => best) ? ["bold: the best"] : []),
      ...signs.map(([sign, meaning]) => `${sign} ${meaning}`),
      ...(show === "score" && grid.seeds > 1 ? ["± standard deviation over seeds"] : []),
    ].join("; "),
  };
}

function valueText(map: GridMap, cell: GridCell): string {
  const value = map.value(cell);
  return value === null ? signOf(cell) : [map.text(value), marksOf(cell)].filter(Boolean).join(" ");
}

/** `84.07 ± 0.61 *`; only the sign of its state where there is no score. */
export function cellText(grid: Grid, cell: GridCell): string {
  if (cell.mean === null) return signOf(cell);
  const spread = cell.deviation === null ? [] : [`± ${spreadText(grid, cell.deviation)}`];
  return [scoreText(grid, cell.mean), ...spread, ...[marksOf(cell)].filter(Boolean)].join(" ");
}
