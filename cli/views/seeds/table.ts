import type { DataTable } from "../../export/data-table.js";
import { dataColumn } from "../parts/data-column.js";
import type { SeedCurves } from "./data.js";

/** A row for each point of each curve. */
export const seedsTable = ({ panels }: SeedCurves): DataTable => ({
  columns: [
    ...[dataColumn("task", "text"), dataColumn("split", "text"), dataColumn("metric", "text")],
    ...[dataColumn("name", "text"), dataColumn("step", "integer"), dataColumn("epoch", "real")],
    ...[
      dataColumn("seeds", "integer"),
      dataColumn("mean", "real"),
      dataColumn("low", "real"),
      dataColumn("high", "real"),
    ],
  ],
  rows: panels.flatMap(({ task, split, metric, curves }) =>
    curves.flatMap(({ name, points }) =>
      points.map(({ step, epoch, n, mean, low, high }) => [task, split, metric, name, step, epoch, n, mean, low, high]),
    ),
  ),
});
