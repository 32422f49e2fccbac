/** A line of the terminal as cells: what the terminal shows in each column, and how. */
import stringWidth from "string-width";

export interface Row {
  /** Of each column its character with the marks on it; empty in the second column of a wide one. */
  texts: string[];
  /** SGR codes of each column; empty is plain. */
  styles: string[];
}

const segmenter = new Intl.Segmenter();

/** Characters of one column, of those that screens consist of: letters, box drawing, blocks, arrows, braille. */
const NARROW =
  "\\x20-\\x7e\\u00a0-\\u00ac\\u00ae-\\u02ff\\u0391-\\u03c9\\u2010-\\u2027\\u2030-\\u205e\\u2190-\\u22ff\\u2500-\\u25fc\\u2605\\u2606\\u2713-\\u2717\\u2800-\\u28ff";

/**
 * Pieces of a line: `codes` of SGR, `narrow` characters of one column each, or `other` text, which takes longer. What
 * follows the last narrow one may belong to it, so that it is in the other text then.
 */
const PIECES = new RegExp(
  `\\x1b\\[(?<codes>[\\d;]*)m|(?<narrow>[${NARROW}]+(?![^${NARROW}\\x1b]))|(?<other>[${NARROW}]?[^${NARROW}\\x1b]+)`,
  "g",
);

/** Exactly `columns` cells of a line that may have SGR codes, cut or filled with blanks. */
export function rowOf(line: string, columns: number): Row {
  const row: Row = { texts: [], styles: [] };
  const pen = new Pen();
  for (const { groups: { codes, narrow, other } = {} } of line.matchAll(PIECES)) {
    if (codes !== undefined) pen.apply(codes);
    else if (narrow !== undefined) for (const mark of narrow) put(row, mark, 1, pen.style);
    else for (const { segment } of segmenter.segment(other ?? "")) put(row, segment, stringWidth(segment), pen.style);
  }
  return fitted(row, columns);
}

function put(row: Row, text: string, width: number, style: string): void {
  if (width === 0) {
    // A mark on the character before it.
    const last = row.texts.findLastIndex((before) => before !== "");
    if (last >= 0) row.texts[last] += text;
    return;
  }
  row.texts.push(text);
  row.styles.push(style);
  for (let more = 1; more < width; more++) {
    row.texts.push("");
    row.styles.push(style);
  }
}

function fitted({ texts, styles }: Row, columns: number): Row {
  // A wide character that would be cut in half is left out.
  let kept = Math.min(columns, texts.length);
  while (kept > 0 && texts[kept] === "" && kept < texts.length) kept -= 1;
  const blanks = columns - kept;
  return {
    texts: [...texts.slice(0, kept), ...Array<string>(blanks).fill(" ")],
    styles: [...styles.slice(0, kept), ...Array<string>(blanks).fill("")],
  };
}

/** The row with other cells from `column` on. */
export function patched({ texts, styles }: Row, column: number, cells: Row): Row {
  const end = column + cells.texts.length;
  return {
    texts: [...texts.slice(0, column), ...cells.texts, ...texts.slice(end)],
    styles: [...styles.slice(0, column), ...cells.styles, ...styles.slice(end)],
  };
}

/** Attributes that end together: the code that ends them -> a name. */
const ENDS: Readonly<Record<string, readonly string[]>> = {
  22: ["1", "2"],
  23: ["3"],
  24: ["4"],
  27: ["7"],
};

/** The style that SGR codes have set so far. */
class Pen {
  style = "";
  readonly #on = new Map<string, string>();

  apply(codes: string): void {
    const list = codes === "" ? ["0"] : codes.split(";");
    for (let at = 0; at < list.length; at++) {
      const code = list[at] ?? "";
      const parts = code !== "38" && code !== "48" ? 1 : list[at + 1] === "5" ? 3 : 5;
      this.#set(code, list.slice(at, at + parts).join(";"));
      at += parts - 1;
    }
    this.style = [...this.#on.values()].sort().join(";");
  }

  #set(code: string, whole: string): void {
    const value = Number(code);
    if (value === 0) this.#on.clear();
    else if (value === 39) this.#on.delete("ink");
    else if (value === 49) this.#on.delete("ground");
    else if (ENDS[code]) for (const ended of ENDS[code]) this.#on.delete(ended);
    else if (value < 10) this.#on.set(code, code);
    else this.#on.set((value >= 40 && value < 50) || value >= 100 ? "ground" : "ink", whole);
  }
}
