/** Texts that the tables of a comparison share. */
import { formatCount, plural } from "../format.js";
import { oneLine } from "../parts/visible.js";
import type { CompareCell, CompareColumn, CompareRow, CompareSet } from "./data.js";
import { NOT_KNOWN } from "./values.js";

export function setTitle({
  task,
  score_name,
  eval_rows,
}: Pick<CompareSet, "task" | "score_name" | "eval_rows">): string {
  return oneLine(
    `${task}: ${score_name ?? "no score yet"}${eval_rows === null ? "" : ` on ${plural(eval_rows, "row")}`}`,
  );
}

export const distinctTexts = (texts: readonly string[]): string => [...new Set(texts)].join(", ");

export function measureText(
  cell: CompareCell | undefined,
  { unit }: Pick<CompareColumn, "unit">,
  format: (value: number) => string,
): string {
  if (!cell?.over)
    return distinctTexts(cell?.values.flatMap((value) => (typeof value === "string" ? value : [])) ?? []) || NOT_KNOWN;
  const { mean, low, high } = cell.over;
  const half = low === null || high === null ? null : (high - low) / 2;
  // What the settings decide, such as parameters, is the same for every seed.
  const spread = half === null || (unit !== null && half === 0) ? "" : ` ± ${format(half)}`;
  return `${cell.so_far ? SO_FAR : ""}${format(mean)}${spread}`;
}

const SO_FAR = "~";

/** What the sign before a number means; null where none has it. */
export const soFarLegend = (rows: readonly Pick<CompareRow, "cells">[]): string | null =>
  rows.some(({ cells }) => cells.some(({ so_far }) => so_far))
    ? `${SO_FAR} before a number: not final, the run has not finished`
    : null;

/** `finished`; where the runs of a row differ, how many are in which state. */
export function stateText({ runs }: CompareRow): string {
  const counts = new Map<string, number>();
  for (const { state, collapsed } of runs) {
    const text = collapsed ? "collapsed" : state.replaceAll("_", " ");
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const [[only = ""] = []] = counts;
  return counts.size === 1 ? only : [...counts].map(([state, count]) => `${count} ${state}`).join(", ");
}

/** What the marks before names mean; null where there is none. */
export function marksLegend({ rows, chosen }: Pick<CompareSet, "rows" | "chosen">): string | null {
  if (rows.every(({ mark }) => mark === null)) return null;
  const among = chosen !== null && chosen.left_out > 0 ? " of the rows with the most seeds" : "";
  return `* is the best${among}${rows.some(({ mark }) => mark === "open") ? ", ~ can't be told from it" : ""}`;
}

/** So many names stand in a line; the table has all. */
const MOST_NAMES = 4;

export function rowNames(rows: readonly { name: string }[]): string {
  const names = rows.slice(0, MOST_NAMES).map(({ name }) => oneLine(name));
  const more = rows.length - names.length;
  return names.join(", ") + (more > 0 ? ` and ${formatCount(more)} more` : "");
}
