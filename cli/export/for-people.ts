import { oneLine } from "../views/parts/visible.js";
import type { DataColumn, DataTable, Value } from "./data-table.js";

/** A value as one line of text for LaTeX and Markdown, before they escape it; null where there is none. */
export function shownValue(value: Value, { type, decimals }: DataColumn): string | null {
  if (value === null) return null;
  if (type !== "real" || typeof value !== "number") return oneLine(String(value));
  return decimals === undefined ? String(Number(value.toPrecision(6))) : value.toFixed(decimals);
}

/** The table without what only programs read. */
export function forPeople({ columns, rows }: DataTable): DataTable {
  const kept = columns.map(({ forPrograms }) => !forPrograms);
  return { columns: columns.filter((_, at) => kept[at]), rows: rows.map((row) => row.filter((_, at) => kept[at])) };
}
