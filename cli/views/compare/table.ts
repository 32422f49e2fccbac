import type { DataColumn, DataTable, Value } from "../../export/data-table.js";
import { dataColumn, RUNS_COLUMN } from "../parts/data-column.js";
import type { CompareCell, CompareData } from "./data.js";
import { leafText, NOT_KNOWN } from "./values.js";

/** The rows of a comparison. A measure has its mean over the seeds, its 95 % interval, and its change to the baseline. */
export function compareTable({ columns, sets }: CompareData): DataTable {
  const compared = sets.some(({ baseline }) => baseline !== null);
  const parts = columns.map(({ key, kind }): { columns: DataColumn[]; values: (cell: CompareCell) => Value[] } => {
    if (kind === "setting") return { columns: [dataColumn(key, "text")], values: (cell) => [settingText(cell)] };
    const ends = ["low", "high", ...(compared ? ["change"] : [])];
    return {
      columns: [dataColumn(key, "real"), ...ends.map((end) => dataColumn(`${key}.${end}`, "real"))],
      values: ({ over, delta }) => [
        ...[over?.mean ?? null, over?.low ?? null, over?.high ?? null],
        ...(compared ? [delta] : []),
      ],
    };
  });
  return {
    columns: [
      ...[dataColumn("task", "text"), dataColumn("score_name", "text"), dataColumn("eval_rows", "integer")],
      ...[dataColumn("name", "text"), dataColumn("seeds", "integer"), dataColumn("finished", "integer")],
      ...parts.flatMap((part) => part.columns),
      RUNS_COLUMN,
    ],
    rows: sets.flatMap(({ task, score_name, eval_rows, rows }) =>
      rows.map(({ name, runs, cells }) => [
        ...[task, score_name, eval_rows, name, runs.length],
        runs.filter(({ state }) => state === "finished").length,
        ...parts.flatMap((part, at) => part.values(cells[at] ?? { values: [], over: null, delta: null })),
        runs.map(({ run }) => run).join(" "),
      ]),
    ),
  };
}

const settingText = ({ values }: CompareCell): string =>
  [...new Set(values.map((value) => (value === undefined ? NOT_KNOWN : leafText(value))))].join(", ");
