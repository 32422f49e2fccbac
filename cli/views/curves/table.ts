import type { DataTable } from "../../export/data-table.js";
import type { MetricRow } from "../../store/read.js";
import { dataColumn, RUN_COLUMNS } from "../parts/data-column.js";
import type { OfRun } from "../view.js";
import type { CurvesData } from "./data.js";

/** A row for each measured value. A loss that is the score is there once. */
export function curvesTable(shown: readonly OfRun<CurvesData>[]): DataTable {
  return {
    columns: [
      ...RUN_COLUMNS,
      ...[dataColumn("split", "text"), dataColumn("name", "text")],
      ...[dataColumn("step", "integer"), dataColumn("epoch", "real"), dataColumn("value", "real")],
    ],
    rows: shown.flatMap(({ run, label, data }) => {
      const metrics = [...data.train_loss, ...data.eval_loss].map(ofMetric);
      const scores = data.scores.map(({ step, epoch, score }) => ["eval", data.score_name, step, epoch, score]);
      return [...metrics, ...(data.score_name === "loss" ? [] : scores)].map((row) => [run, label, ...row]);
    }),
  };
}

const ofMetric = ({ split, name, step, epoch, value }: MetricRow) => [split, name, step, epoch, value];
