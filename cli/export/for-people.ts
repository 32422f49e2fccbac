import { oneLine } from "../views/parts/visible.js";
import type { DataColumn, Value } from "./data-table.js";

/** A value as one line of text for LaTeX and Markdown, before they escape it; null where there is none. */
export function shownValue(value: Value, { type, decimals }: DataColumn): string | null {
  if (value === null) return null;
  if (type !== "real" || typeof value !== "number") return oneLine(String(value));
  return decimals === undefined ? String(Number(value.toPrecision(6))) : value.toFixed(decimals);
}
