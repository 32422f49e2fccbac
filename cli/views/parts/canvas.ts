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
  readonly #cells: Uint8Array;

  constructor(
    readonly columns: number,
    readonly lines: number,
  ) {
    this.#cells = new Uint8Array(columns * lines);
  }

  /** `style` is an index of STYLES; `from` is the dot of the pattern to start with. Returns the next one. */
  line([x0, y0]: Dot, [x1, y1]: Dot, style: number, from: number): number {
    const pattern = STYLES[style % STYLES.length] ?? "1";
    const steps = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0), 1);
    for (let i = 0; i <= steps; i++) {
      if (pattern[(from + i) % pattern.length] === "0") continue;
      this.#dot(Math.round(x0 + ((x1 - x0) * i) / steps), Math.round(y0 + ((y1 - y0) * i) / steps));
    }
    return from + steps;
  }

  rows(): string[] {
    return Array.from({ length: this.lines }, (_, line) =>
      Array.from(this.#cells.subarray(line * this.columns, (line + 1) * this.columns), (bits) =>
        bits === 0 ? " " : String.fromCharCode(0x2800 + bits),
      ).join(""),
    );
  }

  #dot(x: number, y: number): void {
    const cell = Math.floor(y / 4) * this.columns + Math.floor(x / 2);
    this.#cells[cell] = (this.#cells[cell] ?? 0) | (DOTS[y % 4]?.[x % 2] ?? 0);
  }
}
