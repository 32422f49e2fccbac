/** What to write so that a row of the terminal shows something else. */
import type { Row } from "./cells.js";

/** Unchanged cells between changed ones that cost less than a move of the cursor. */
const BRIDGE = 4;

/**
 * Text that turns row `y` (from 1), which shows `before` (undefined: anything), into `after`. Ends in plain style. What
 * is not known is erased first: in a terminal that was made narrower, tmux 3.3 keeps the cells that went out of sight,
 * and adds them to the scrollback when the screen is left, unless a whole row was erased.
 */
export function changes(before: Row | undefined, after: Row, y: number): string {
  const columns = after.texts.length;
  const known = before?.texts.length === columns ? before : undefined;
  const end = lastInk(after) + 1;
  let out = "";
  let style = "";
  const wear = (next: string) => {
    if (next !== style) out += next === "" ? "\u001b[m" : `\u001b[${style === "" ? "" : "0;"}${next}m`;
    style = next;
  };
  for (let x = 0; x < columns; ) {
    const from = changedFrom(known, after, x);
    if (from === columns) break;
    const to = known ? runEnd(known, after, from) : columns;
    out += `\u001b[${y};${from + 1}H${known ? "" : "\u001b[K"}`;
    for (x = from; x < Math.min(to, end); x++) {
      const text = after.texts[x] ?? "";
      if (text === "") continue;
      wear(after.styles[x] ?? "");
      out += isRisky(text) ? placed(text, x, after.texts[x + 1] === "" ? 2 : 1) : text;
    }
    if (to > end) {
      wear("");
      if (known) out += "\u001b[K";
      break;
    }
    x = to;
  }
  wear("");
  return out;
}

const differs = (a: Row, b: Row, x: number) => a.texts[x] !== b.texts[x] || a.styles[x] !== b.styles[x];

/** First changed cell from `x` on, at the beginning of a character. */
function changedFrom(before: Row | undefined, after: Row, x: number): number {
  if (!before) return x;
  const columns = after.texts.length;
  let at = x;
  while (at < columns && !differs(before, after, at)) at += 1;
  while (at < columns && at > 0 && after.texts[at] === "") at -= 1;
  return at;
}

function runEnd(before: Row, after: Row, from: number): number {
  const columns = after.texts.length;
  let last = from;
  for (let x = from; x < columns && x - last <= BRIDGE; x++) if (differs(before, after, x)) last = x;
  let to = last + 1;
  while (to < columns && after.texts[to] === "") to += 1;
  return to;
}

/** The last cell that is not plain blank; -1 if all are. */
const lastInk = ({ texts, styles }: Row): number =>
  texts.findLastIndex((text, x) => text !== " " || (styles[x] ?? "") !== "");

/** Terminals differ in how wide they draw these: emoji, and characters with marks. */
const isRisky = (text: string): boolean => text.length > 1;

/** The text over blanks, and then the cursor where the next cell belongs, however wide the terminal draws the text. */
const placed = (text: string, x: number, width: number): string =>
  `${" ".repeat(width)}\u001b[${x + 1}G${text}\u001b[${x + width + 1}G`;
