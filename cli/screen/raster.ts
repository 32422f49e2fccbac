/** A drawing of characters with styles, for panes that put pieces over each other. */
import stringWidth from "string-width";
import type { Line, Span } from "./line.js";
import type { Size } from "./pane.js";

/** Pieces of one style share the object: neighbours are joined by identity. */
export type Style = Omit<Span, "text">;

const PLAIN: Style = {};
const graphemes = new Intl.Segmenter();

export class Raster {
  readonly #texts: string[];
  readonly #styles: Style[];
  /** Place of the first character, and how many there are from one row to the next. */
  readonly #from: number;
  readonly #stride: number;

  constructor(
    readonly size: Size,
    whole?: { raster: Raster; row: number; column: number },
  ) {
    const { columns, rows } = size;
    this.#texts = whole ? whole.raster.#texts : Array(columns * rows).fill(" ");
    this.#styles = whole ? whole.raster.#styles : Array(columns * rows).fill(PLAIN);
    this.#stride = whole ? whole.raster.#stride : columns;
    this.#from = whole ? whole.raster.#from + whole.row * this.#stride + whole.column : 0;
  }

  /** A part of this drawing, with places of its own. */
  part(row: number, column: number, { columns, rows }: Size): Raster {
    const size = {
      columns: Math.max(0, Math.min(columns, this.size.columns - column)),
      rows: Math.max(0, Math.min(rows, this.size.rows - row)),
    };
    return new Raster(size, { raster: this, row, column });
  }

  /** Puts one character. Outside of the drawing nothing happens. */
  put(row: number, column: number, text: string, style: Style = PLAIN): void {
    if (!this.#inside(row, column)) return;
    const at = this.#from + row * this.#stride + column;
    this.#texts[at] = text;
    this.#styles[at] = style;
  }

  /** The character of a place; empty outside of the drawing. */
  textAt(row: number, column: number): string {
    return this.#inside(row, column) ? (this.#texts[this.#from + row * this.#stride + column] ?? "") : "";
  }

  isBlank(row: number, column: number): boolean {
    return this.textAt(row, column) === " ";
  }

  /** A line from a place to the right or down, behind what is there. */
  behind(row: number, column: number, rows: number, columns: number, text: string, style: Style): void {
    for (let y = row; y < row + rows; y++) {
      for (let x = column; x < column + columns; x++) if (this.isBlank(y, x)) this.put(y, x, text, style);
    }
  }

  /** Writes what fits of a text. Returns the column after it. */
  write(row: number, column: number, text: string, style: Style = PLAIN): number {
    let at = column;
    for (const { segment } of graphemes.segment(text)) {
      const wide = stringWidth(segment);
      if (wide === 0 || at + wide > this.size.columns) continue;
      this.put(row, at, segment, style);
      if (wide === 2) this.put(row, at + 1, "", style);
      at += wide;
    }
    return at;
  }

  lines(): Line[] {
    return Array.from({ length: this.size.rows }, (_, row) => {
      const line: Span[] = [];
      let from = this.#from + row * this.#stride;
      const end = from + this.size.columns;
      for (let at = from + 1; at <= end; at++) {
        if (at < end && this.#styles[at] === this.#styles[from]) continue;
        line.push({ ...this.#styles[from], text: this.#texts.slice(from, at).join("") });
        from = at;
      }
      return line;
    });
  }

  #inside(row: number, column: number): boolean {
    return row >= 0 && column >= 0 && row < this.size.rows && column < this.size.columns;
  }
}
