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
  /** Texts of the numbers at the axes; default: few significant digits. */
  xText?: (value: number) => string;
  yText?: (value: number) => string;
  /** Name of x, between the numbers of its axis. */
  xName?: string;
}

export interface ChartSeries {
  points: readonly Point[];
  /** Chooses the style of the line: solid, dashed, dotted, dash and dot, then from the start. */
  index: number;
  /** Text on the right of the line's end. */
  mark: string;
  /** Whether the mark stands in the drawing, right beside the end, and not at the edge. */
  inside?: boolean;
}

/** Width of the axis numbers: fits `1.234e-5` with its tick. */
const AXIS = 10;
/** The most columns for marks on the right of a row. */
const MARKS = 12;

/**
 * Draws lines in braille dots (2 x 4 a character), with the smallest and largest value of both axes.
 * Each dot column shows the whole range of its points, however many there are, so that no spike is lost.
 */
export function chart(
  series: readonly ChartSeries[],
  { width, height, xText = formatValue, yText = formatValue, xName = "" }: ChartSize,
): string[] {
  const points = series.flatMap((one) => one.points);
  const finite = points.flatMap((point) => point.y ?? []);
  if (finite.length === 0) return ["(no values)"];
  const margin = series.some(({ mark, inside }) => mark !== "" && !inside) ? Math.min(MARKS, Math.floor(width / 4)) : 0;
  const columns = Math.max(1, width - AXIS - margin);
  const canvas = new Canvas(columns, height);
  const [lowX, highX] = extent(points.map((point) => point.x));
  const [lowY, highY] = extent(finite);
  const place = (x: number, y: number): Dot => [
    scale(x, lowX, highX, columns * 2 - 1),
    height * 4 - 1 - scale(y, lowY, highY, height * 4 - 1),
  ];
  const marks: string[][] = Array.from({ length: height }, () => []);
  const inside: { end: Dot; mark: string }[] = [];
  for (const one of series) {
    const end = drawLine(canvas, one.points, one.index, place);
    if (end === null || one.mark === "") continue;
    if (one.inside) inside.push({ end, mark: one.mark });
    else marks[Math.floor(end[1] / 4)]?.push(one.mark);
  }
  const rows = withMarks(canvas.rows(), inside).map((row, index) => {
    const beside = marks[index]?.length ? ` ${clip(marks[index].join(","), margin - 1)}` : "";
    return `${fitTo(label(index, height, lowY, highY, yText), AXIS - 2, "right")} ┤${row}${beside}`;
  });
  const left = xText(lowX);
  const right = xText(highX);
  const gap = between(xName, Math.max(1, columns - left.length - right.length));
  const single = xName === "" ? left : `${xName} ${left}`;
  return [...rows.map((row) => row.trimEnd()), `${" ".repeat(AXIS)}${lowX === highX ? single : left + gap + right}`];
}

/** A name in the middle of so many blanks; left out where it would touch the numbers. */
function between(name: string, room: number): string {
  const before = Math.floor((room - name.length) / 2);
  return before < 1 ? " ".repeat(room) : (" ".repeat(before) + name).padEnd(room);
}

/** Writes each mark into the drawing, right of its point; left of it at the edge, and further on where one is already. */
function withMarks(rows: readonly string[], marks: readonly { end: Dot; mark: string }[]): string[] {
  const cells = rows.map((row) => [...row]);
  const taken = new Set<string>();
  for (const { end, mark } of marks) {
    const line = Math.floor(end[1] / 4);
    const row = cells[line] ?? [];
    const point = Math.floor(end[0] / 2);
    const columns = [...Array(row.length).keys()];
    const free = (from: number) => [...mark].every((_, i) => !taken.has(`${line} ${from + i}`));
    const fits = columns.filter((at) => at + mark.length <= row.length && free(at));
    const at = fits.find((from) => from > point) ?? fits.findLast((from) => from + mark.length <= point);
    if (at === undefined) continue;
    for (const [i, character] of [...mark].entries()) {
      row[at + i] = character;
      taken.add(`${line} ${at + i}`);
    }
  }
  return cells.map((row) => row.join(""));
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

function label(row: number, height: number, low: number, high: number, text: (value: number) => string): string {
  if (low === high) return row === Math.floor(height / 2) ? text(high) : ""; // where the line is
  if (row === 0) return text(high);
  if (row === height - 1) return text(low);
  return row === Math.floor(height / 2) && height > 4 ? text(high - ((high - low) * row) / (height - 1)) : "";
}

/** A constant line is in the middle. */
function scale(value: number, low: number, high: number, dots: number): number {
  return high > low ? Math.round(((value - low) / (high - low)) * dots) : Math.floor(dots / 2);
}
