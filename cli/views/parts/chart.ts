import { formatValue } from "../format.js";
import { Canvas, type Dot } from "./canvas.js";
import { extent } from "./extent.js";
import { clip, fitTo } from "./fit.js";

export interface Point {
  x: number;
  /** Null if the value was not finite; the line has a gap there. */
  y: number | null;
}

export interface ChartSize {
  /** Columns of the whole chart, axis numbers included. */
  width: number;
  /** Rows of the drawing; the x axis is one more row below. */
  height: number;
}

export interface ChartSeries {
  points: readonly Point[];
  /** Chooses the style of the line: solid, dashed, dotted, dash and dot, then from the start. */
  index: number;
  /** Text on the right of the line's end. */
  mark: string;
}

/** Width of the axis numbers: fits `1.234e-5` with its tick. */
const AXIS = 10;
/** The most columns for marks on the right of a row. */
const MARKS = 12;

/**
 * Draws lines in braille dots (2 x 4 a character), with the smallest and largest value of both axes.
 * Each dot column shows the whole range of its points, however many there are, so that no spike is lost.
 */
export function chart(series: readonly ChartSeries[], { width, height }: ChartSize): string[] {
  const points = series.flatMap((one) => one.points);
  const finite = points.flatMap((point) => point.y ?? []);
  if (finite.length === 0) return ["(no values)"];
  const margin = series.some(({ mark }) => mark !== "") ? Math.min(MARKS, Math.floor(width / 4)) : 0;
  const columns = Math.max(1, width - AXIS - margin);
  const canvas = new Canvas(columns, height);
  const [lowX, highX] = extent(points.map((point) => point.x));
  const [lowY, highY] = extent(finite);
  const place = (x: number, y: number): Dot => [
    scale(x, lowX, highX, columns * 2 - 1),
    height * 4 - 1 - scale(y, lowY, highY, height * 4 - 1),
  ];
  const marks: string[][] = Array.from({ length: height }, () => []);
  for (const { points, index, mark } of series) {
    const end = drawLine(canvas, points, index, place);
    if (end && mark !== "") marks[Math.floor(end[1] / 4)]?.push(mark);
  }
  const rows = canvas.rows().map((row, index) => {
    const beside = marks[index]?.length ? ` ${clip(marks[index].join(","), margin - 1)}` : "";
    return `${fitTo(label(index, height, lowY, highY), AXIS - 2, "right")} ┤${row}${beside}`;
  });
  const left = formatValue(lowX);
  const right = formatValue(highX);
  const gap = " ".repeat(Math.max(1, columns - left.length - right.length));
  return [...rows.map((row) => row.trimEnd()), `${" ".repeat(AXIS)}${lowX === highX ? left : left + gap + right}`];
}

/** Draws a line. Returns where its last finite value is; null without one. */
function drawLine(
  canvas: Canvas,
  points: readonly Point[],
  style: number,
  place: (x: number, y: number) => Dot,
): Dot | null {
  let last: Dot | null = null;
  let end: Dot | null = null;
  let drawn = 0;
  for (const { x, y } of points) {
    const here: Dot | null = y === null ? null : place(x, y);
    if (here) drawn = canvas.line(last ?? here, here, style, drawn);
    last = here;
    end = here ?? end;
  }
  return end;
}

function label(row: number, height: number, low: number, high: number): string {
  if (low === high) return row === Math.floor(height / 2) ? formatValue(high) : ""; // where the line is
  if (row === 0) return formatValue(high);
  if (row === height - 1) return formatValue(low);
  return row === Math.floor(height / 2) && height > 4 ? formatValue(high - ((high - low) * row) / (height - 1)) : "";
}

/** A constant line is in the middle. */
function scale(value: number, low: number, high: number, dots: number): number {
  return high > low ? Math.round(((value - low) / (high - low)) * dots) : Math.floor(dots / 2);
}
