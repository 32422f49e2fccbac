/** Bit of each dot of a braille character, [row][column]. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
];

/** Patterns of drawn dots along a line, repeated: solid, dashed, dotted, dash and dot. */
const STYLES = ["1", "111111000", "100", "11111001000"];

export type Dot = [x: number, y: number];

/** A drawing in braille characters of 2 x 4 dots each. */
export class Canvas {
  /** Number of the line that is drawn now, for a drawing with colours. A character has the pen of its latest dot. */
  pen = 0;
  readonly #cells: Uint8Array;
  readonly #pens: Uint8Array;

  constructor(
    readonly columns: number,
    readonly lines: number,
  ) {
    this.#cells = new Uint8Array(columns * lines);
    this.#pens = new Uint8Array(columns * lines);
  }

  /** `style` is an index of STYLES; `from` is the dot of the pattern to start with. Returns the next one. */
  line([x0, y0]: Dot, [x1, y1]: Dot, style: number, from: number): number {
    const pattern = STYLES[style % STYLES.length] ?? "1";
    const steps = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0), 1);
    for (let i = 0; i <= steps; i++) {
      if (pattern[(from + i) % pattern.length] === "0") continue;
      this.dot(Math.round(x0 + ((x1 - x0) * i) / steps), Math.round(y0 + ((y1 - y0) * i) / steps));
    }
    return from + steps;
  }

  dot(x: number, y: number): void {
    const cell = (y >> 2) * this.columns + (x >> 1);
    this.#cells[cell] = (this.#cells[cell] ?? 0) | (DOTS[y & 3]?.[x & 1] ?? 0);
    this.#pens[cell] = this.pen;
  }

  /** The character of a place; a blank without dots. */
  text(line: number, column: number): string {
    const bits = this.#cells[line * this.columns + column] ?? 0;
    return bits === 0 ? " " : String.fromCharCode(0x2800 + bits);
  }

  penAt(line: number, column: number): number {
    return this.#pens[line * this.columns + column] ?? 0;
  }

  rows(): string[] {
    return Array.from({ length: this.lines }, (_, line) =>
      Array.from({ length: this.columns }, (_, column) => this.text(line, column)).join(""),
    );
  }
}
