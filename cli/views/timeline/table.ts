import type { DataTable, Value } from "../../export/data-table.js";
import { dataColumn, RUN_COLUMNS } from "../parts/data-column.js";
import type { OfRun } from "../view.js";
import type { TimelineData } from "./data.js";

/**
 * A row for each score of a module, each change, each rank, and each score of one of several forms. Columns that say
 * nothing about a row are null in it.
 */
export function timelineTable(shown: readonly OfRun<TimelineData>[]): DataTable {
  return {
    columns: [
      ...RUN_COLUMNS,
      ...[dataColumn("record", "text"), dataColumn("step", "integer"), dataColumn("epoch", "real")],
      ...[dataColumn("first_layer", "integer"), dataColumn("last_layer", "integer"), dataColumn("module", "text")],
      ...[dataColumn("kind", "text"), dataColumn("name", "text"), dataColumn("value", "real")],
      ...[dataColumn("trainable_parameters", "integer"), dataColumn("detail", "text")],
    ],
    rows: shown.flatMap(({ run, label, data }) => rowsOf(data).map((row) => [run, label, ...row])),
  };
}

function rowsOf({ scores, changes, ranks, forms }: TimelineData): Value[][] {
  return [
    ...scores.map((row) => {
      const layers = [row.span_start, row.span_end];
      return [
        "score",
        row.step,
        row.epoch,
        ...layers,
        null,
        row.kind,
        row.score_name,
        row.score,
        row.trainable_parameters,
        null,
      ];
    }),
    ...changes.map((row) => {
      const layers = [row.span_start, row.span_end];
      return [
        "change",
        row.step,
        row.epoch,
        ...layers,
        null,
        row.kind,
        "score",
        row.score,
        row.trainable_parameters,
        row.detail,
      ];
    }),
    ...ranks.map(({ step, epoch, module, rank }) => {
      return ["rank", step, epoch, null, null, module, null, "rank", rank, null, null];
    }),
    ...forms.map(({ step, epoch, name, value }) => {
      return ["form", step, epoch, null, null, null, null, name, value, null, null];
    }),
  ];
}
