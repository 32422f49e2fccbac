import type { DataColumn, DataTable, Value } from "../../export/data-table.js";
import { dataColumn, distinctKeys, RUNS_COLUMN } from "../parts/data-column.js";
import type { CompareCell, CompareData } from "./data.js";
import { apartColumn } from "./tables.js";
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
  const names = [
    ...[dataColumn("task", "text"), dataColumn("score_name", "text"), dataColumn("eval_rows", "integer")],
    apartColumn(sets),
    ...[dataColumn("name", "text"), dataColumn("seeds", "integer"), dataColumn("finished", "integer")],
  ];
  const before = (column: number) => parts.slice(0, column).reduce((sum, part) => sum + part.columns.length, 0);
  const all = sets.flatMap(({ rows, tests }) => rows.map(({ mark }) => ({ mark, column: tests?.column ?? 0 })));
  return {
    columns: distinctKeys([...names, ...parts.flatMap((part) => part.columns), RUNS_COLUMN]),
    strong: all.flatMap(({ mark, column }, row) => (mark === "best" ? [[row, names.length + before(column)]] : [])),
    rows: sets.flatMap(({ task, score_name, eval_rows, apart, rows }) =>
      rows.map(({ name, runs, cells }) => [
        ...[task, score_name, eval_rows, apart, name, runs.length],
        runs.filter(({ state }) => state === "finished").length,
        ...parts.flatMap((part, at) => part.values(cells[at] ?? { values: [], over: null, delta: null })),
        runs.map(({ run }) => run).join(" "),
      ]),
    ),
  };
}

const settingText = ({ values }: CompareCell): string =>
  [...new Set(values.map((value) => (value === undefined ? NOT_KNOWN : leafText(value))))].join(", ");
