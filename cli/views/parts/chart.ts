import { formatValue } from "../format.js";
import { fitTo } from "./fit.js";

export interface Point {
  x: number;
  /** Null where the value was not finite: the line has a gap there. */
  y: number | null;
}

export interface ChartSize {
  /** Columns of everything, axis numbers included. */
  width: number;
  /** Rows of the drawing; one more below carries the x axis. */
  height: number;
}

/** Width of the axis numbers: fits `1.234e-5` with its tick. */
const AXIS = 10;

/**
 * A line through points in braille dots (2 x 4 a character), with the smallest and largest value of both axes.
 * However many points there are, every dot column shows the whole range of its points: no spike is lost.
 */
export function chart(points: readonly Point[], { width, height }: ChartSize): string[] {
  const finite = points.filter((point): point is { x: number; y: number } => point.y !== null);
  if (finite.length === 0) return ["(no values)"];
  const columns = Math.max(1, width - AXIS);
  const canvas = new Canvas(columns, height);
  const [lowX, highX] = range(points.map((point) => point.x));
  const [lowY, highY] = range(finite.map((point) => point.y));
  const place = (point: { x: number; y: number }): [number, number] => [
    scale(point.x, lowX, highX, columns * 2 - 1),
    height * 4 - 1 - scale(point.y, lowY, highY, height * 4 - 1),
  ];
  let last: [number, number] | null = null;
  for (const point of points) {
    const here = point.y === null ? null : place({ x: point.x, y: point.y });
    if (here) canvas.line(last ?? here, here);
    last = here;
  }
  const rows = canvas
    .rows()
    .map((row, index) => `${fitTo(label(index, height, lowY, highY), AXIS - 2, "right")} ┤${row}`);
  const left = formatValue(lowX);
  const right = formatValue(highX);
  const gap = " ".repeat(Math.max(1, columns - left.length - right.length));
  return [...rows.map((row) => row.trimEnd()), `${" ".repeat(AXIS)}${lowX === highX ? left : left + gap + right}`];
}

function label(row: number, height: number, low: number, high: number): string {
  if (row === 0) return formatValue(high);
  if (row === height - 1) return formatValue(low);
  return row === Math.floor(height / 2) && height > 4 ? formatValue(high - ((high - low) * row) / (height - 1)) : "";
}

function range(values: number[]): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

/** A constant line lies in the middle. */
function scale(value: number, low: number, high: number, dots: number): number {
  return high > low ? Math.round(((value - low) / (high - low)) * dots) : Math.floor(dots / 2);
}

/** Bit of each dot of a braille character, [row][column]. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
];

class Canvas {
  readonly #cells: Uint8Array;

  constructor(
    readonly columns: number,
    readonly lines: number,
  ) {
    this.#cells = new Uint8Array(columns * lines);
  }

  line([x0, y0]: [number, number], [x1, y1]: [number, number]): void {
    const steps = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0), 1);
    for (let i = 0; i <= steps; i++) {
      this.#dot(Math.round(x0 + ((x1 - x0) * i) / steps), Math.round(y0 + ((y1 - y0) * i) / steps));
    }
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
