import type { LogLine } from "../../data.js";
import { indexAt, indexOf } from "./filter.js";
import { type RowStyle, rowsOf } from "./rows.js";
import type { LogState, Place } from "./state.js";

/** A row of the log: place of its line, and the part of it. */
interface Row {
  index: number;
  part: number;
}

/** The row at the bottom. A line that has left the log stands for the oldest. */
export function bottomOf(lines: readonly LogLine[], state: LogState, style: RowStyle): Row {
  const index = state.back ? indexAt(lines, state.back.bottom.line) : lines.length - 1;
  const most = countOf(lines, index, style) - 1;
  return { index, part: state.back ? Math.min(state.back.bottom.part, most) : most };
}

const countOf = (lines: readonly LogLine[], index: number, style: RowStyle): number => {
  const line = lines[index];
  return line ? rowsOf(line, style).length : 0;
};

/** The row `by` rows further down, or up if negative; ends at the first and the last row. */
function moved(lines: readonly LogLine[], from: Row, by: number, style: RowStyle): Row {
  let { index } = from;
  let part = from.part + by;
  while (part < 0 && index > 0) part += countOf(lines, --index, style);
  for (let count = countOf(lines, index, style); part >= count && index < lines.length - 1; ) {
    part -= count;
    count = countOf(lines, ++index, style);
  }
  return { index, part: Math.max(0, Math.min(part, countOf(lines, index, style) - 1)) };
}

/** The state after scrolling. At the last row it follows the log again; above, the first page stays full. */
export function scrolled(
  lines: readonly LogLine[],
  state: LogState,
  by: number,
  rows: number,
  style: RowStyle,
): LogState {
  const first = moved(lines, { index: 0, part: 0 }, rows - 1, style);
  const to = moved(lines, bottomOf(lines, state, style), by, style);
  const row = to.index < first.index || (to.index === first.index && to.part < first.part) ? first : to;
  const line = lines[row.index];
  const newest = lines.at(-1);
  const atEnd = row.index === lines.length - 1 && row.part === countOf(lines, row.index, style) - 1;
  if (!line || !newest || atEnd) return { ...state, back: null };
  const bottom: Place = { line, part: row.part };
  const seen = state.back === null ? lines.length - 1 : Math.max(row.index, indexOf(lines, state.back.newest));
  return { ...state, back: { bottom, newest: lines[seen] ?? newest } };
}

/** Lines that came since the user scrolled back and that were not seen yet. */
export function newLines(lines: readonly LogLine[], { back }: LogState): number {
  return back === null ? 0 : Math.max(0, lines.length - 1 - indexAt(lines, back.newest));
}
