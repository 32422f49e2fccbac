/** Which pieces of a line changed, so that only those are laid out and written. */
import { textWidth } from "../views/parts/text-width.js";
import type { Line, Span } from "./line.js";

/** Pieces side by side that changed. */
export interface Piece {
  /** Where it begins, from 0. */
  column: number;
  width: number;
  spans: Span[];
}

/** The pieces of `after` that are not the same in `before`, at the same place. Both fill the line; undefined: unknown. */
export function changedPieces(before: Line | undefined, after: Line): Piece[] {
  if (before === after) return [];
  const old = new Map<number, Span>();
  let column = 0;
  for (const span of before ?? []) {
    old.set(column, span);
    column += textWidth(span.text);
  }
  const pieces: Piece[] = [];
  column = 0;
  for (const span of after) {
    const width = textWidth(span.text);
    const last = pieces.at(-1);
    if (width === 0 || same(old.get(column), span)) {
      // stays
    } else if (last && last.column + last.width === column) {
      last.spans.push(span);
      last.width += width;
    } else pieces.push({ column, width, spans: [span] });
    column += width;
  }
  return pieces;
}

const same = (a: Span | undefined, b: Span): boolean =>
  a === b ||
  (a !== undefined &&
    a.text === b.text &&
    a.role === b.role &&
    a.scale === b.scale &&
    a.series === b.series &&
    (a.bold ?? false) === (b.bold ?? false));
