import type { DataTable } from "../../export/data-table.js";
import { dataColumn, RUNS_COLUMN } from "../parts/data-column.js";
import type { ParetoData } from "./data.js";

/** A row for each point, front or not. */
export const paretoTable = ({ sets }: ParetoData): DataTable => ({
  columns: [
    ...[dataColumn("task", "text"), dataColumn("name", "text"), dataColumn("seeds", "integer")],
    ...[dataColumn("x", "text"), dataColumn("x_mean", "real"), dataColumn("y", "text"), dataColumn("y_mean", "real")],
    ...[dataColumn("y_low", "real"), dataColumn("y_high", "real")],
    ...[dataColumn("front", "boolean"), dataColumn("dominated_by", "text"), RUNS_COLUMN],
  ],
  rows: sets.flatMap(({ task, x, y, points }) =>
    points.map((point) => [
      ...[task, point.name, point.n, x.heading, point.x, y.heading, point.y, point.y_low, point.y_high],
      ...[point.front, point.dominated_by, point.runs.join(" ")],
    ]),
  ),
});
