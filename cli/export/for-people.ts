import { oneLine } from "../views/parts/visible.js";
import type { DataColumn, DataTable, Value } from "./data-table.js";

/** A value as one line of text for LaTeX and Markdown, before they escape it; null where there is none. */
export function shownValue(value: Value, { type, decimals }: DataColumn): string | null {
  if (value === null) return null;
  if (type !== "real" || typeof value !== "number") return oneLine(String(value));
  return decimals === undefined ? String(Number(value.toPrecision(6))) : value.toFixed(decimals);
}

interface PeoplesTable {
  columns: readonly DataColumn[];
  rows: readonly (readonly { value: Value; strong: boolean }[])[];
}

/** The table without what only programs read. */
export function forPeople({ columns, rows, strong = [] }: DataTable): PeoplesTable {
  const kept = columns.map(({ forPrograms }) => !forPrograms);
  const bold = new Set(strong.map(([row, column]) => `${row} ${column}`));
  const cellsOf = (row: readonly Value[], y: number) =>
    row.map((value, x) => ({ value, strong: value !== null && bold.has(`${y} ${x}`) }));
  return {
    columns: columns.filter((_, at) => kept[at]),
    rows: rows.map((row, y) => cellsOf(row, y).filter((_, at) => kept[at])),
  };
}
