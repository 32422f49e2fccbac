/** Lines of the full screen as data: pieces of text with a meaning, which `ansi.ts` turns into colours. */
import { clip } from "../views/parts/fit.js";
import { textWidth } from "../views/parts/text-width.js";
import { oneLine } from "../views/parts/visible.js";

/** What a piece of text means. Colour is never the only signal: a sign or a word says the same. */
export type Role = "good" | "bad" | "warn" | "accent" | "dim" | "title" | "selected";

/** A piece of one line. The text has no control characters. */
export interface Span {
  text: string;
  role?: Role | undefined;
  /** Background on the scale of scores, from 0 (low) to 1 (high). */
  scale?: number | undefined;
  /** Foreground of a series of a chart, from 0. */
  series?: number | undefined;
  bold?: boolean | undefined;
}

export type Line = readonly Span[];

/** A line of one piece. Control characters of the text are escaped, because it may come from data. */
export const plain = (text: string, style: Omit<Span, "text"> = {}): Line => [{ text: oneLine(text), ...style }];

/** Columns on the screen; wide characters take two. */
export const lineWidth = (line: Line): number => line.reduce((sum, { text }) => sum + textWidth(text), 0);

/** Cuts a line, with a mark, or pads it with blanks to exactly `columns`. */
export function fitLine(line: Line, columns: number): Line {
  const width = lineWidth(line);
  if (width <= columns) return width === columns ? line : [...line, { text: " ".repeat(columns - width) }];
  const kept: Span[] = [];
  let room = columns;
  for (const span of line) {
    const wide = textWidth(span.text);
    if (wide < room) {
      kept.push(span);
      room -= wide;
      continue;
    }
    const text = clip(`${span.text}  `, room); // more follows, so it is cut in any case
    kept.push({ ...span, text }, { text: " ".repeat(Math.max(0, room - textWidth(text))) });
    break;
  }
  return kept;
}

/** The text without its styles. */
export const textOf = (line: Line): string => line.map(({ text }) => text).join("");
