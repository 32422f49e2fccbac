import { UsageError } from "../../errors.js";
import type { DataTable } from "../../export/data-table.js";
import { dataColumn, RUN_COLUMNS } from "../parts/data-column.js";
import type { OfRun } from "../view.js";
import type { ClassReport, ErrorReport, LabelsReport, Report } from "./report.js";

type Shown<Kind extends Report = Report> = readonly OfRun<Kind>[];

/**
 * Of classes the matrix, a column for each prediction; of sets of labels the scores of each label; of a regression the
 * labels beside the predictions. Throws UsageError for runs of different kinds, which have no columns in common.
 */
export function confusionTable(shown: Shown): DataTable {
  const kinds = new Set(shown.map(({ data }) => data.kind));
  if (kinds.size > 1) {
    throw new UsageError("TABLES_DIFFER", "these runs predict different things and make no one table", "name one run");
  }
  if (kinds.has("classify")) return matrixTable(shown as Shown<ClassReport>);
  return kinds.has("regress") ? pointsTable(shown as Shown<ErrorReport>) : labelsTable(shown as Shown<LabelsReport>);
}

function matrixTable(shown: Shown<ClassReport>): DataTable {
  const names = [...new Set(shown.flatMap(({ data }) => data.labels.map(({ label }) => label)))];
  return {
    columns: [
      ...RUN_COLUMNS,
      { key: "true_label", title: "true label", type: "text" },
      ...names.map((name) => ({ key: `predicted ${name}`, title: name, type: "integer" as const })),
    ],
    rows: shown.flatMap(({ run, label, data }) => {
      const place = new Map(data.labels.map((one, index) => [one.label, index]));
      return data.labels.map((one, index) => [
        ...[run, label, one.label],
        ...names.map((name) => data.matrix[index]?.[place.get(name) ?? -1] ?? null),
      ]);
    }),
  };
}

const labelsTable = (shown: Shown<LabelsReport>): DataTable => ({
  columns: [
    ...RUN_COLUMNS,
    { key: "true_label", title: "true label", type: "text" },
    ...["precision", "recall", "f1"].map((key) => dataColumn(key, "real", 4)),
    ...["support", "predicted"].map((key) => dataColumn(key, "integer")),
  ],
  rows: shown.flatMap(({ run, label, data }) =>
    data.labels.map((one) => [run, label, one.label, one.precision, one.recall, one.f1, one.support, one.predicted]),
  ),
});

const pointsTable = (shown: Shown<ErrorReport>): DataTable => ({
  columns: [...RUN_COLUMNS, dataColumn("true_value", "real"), dataColumn("predicted", "real")],
  rows: shown.flatMap(({ run, label, data }) => data.points.map((point) => [run, label, ...point])),
});
