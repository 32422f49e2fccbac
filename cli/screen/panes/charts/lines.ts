import { Canvas, type Dot } from "../../../views/parts/canvas.js";
import type { Point } from "../../../views/parts/chart.js";
import type { Look } from "../../pane.js";
import type { Raster, Style } from "../../raster.js";
import { type Column, columnsOn } from "./columns.js";
import type { Box } from "./layout.js";
import { lettersAtEnds, letterWithin } from "./letters.js";
import { SIGNS } from "./signs.js";
import { smoothed } from "./smooth.js";
import type { ChartsState } from "./state.js";
import { DIM, type Styles } from "./styles.js";

/** Raw values behind a smoothed line need some rows. */
const ROWS_FOR_RAW = 6;
/** Columns of dots for each one with values from which on lines have patterns; closer values would lose dots. */
const SPARSE = 4;

/** Patterns of the canvas besides the solid line, which is the selected run's. */
const PATTERNS = 3;

/** A line on the canvas, drawn with the pen of its place in the list. */
interface DrawnLine {
  letter: string;
  style: Style;
  columns: readonly Column[];
  dense: boolean;
}

/** Row of dots of a value, from above. */
type ToDot = (value: number) => number;

/** Draws the lines of all runs, the selected one on top, and into `edge` the letters at their ends. */
export function drawLines(plot: Raster, edge: Raster, box: Box, state: ChartsState, look: Look, styles: Styles): void {
  const { rows, columns } = box.plot;
  const canvas = new Canvas(columns, rows);
  const raw = new Canvas(columns, rows);
  const on = (points: readonly Point[]) => columnsOn(points, box.epochs, columns * 2);
  const y: ToDot = (value) => rows * 4 - 1 - Math.round(box.y.place(value) * (rows * 4 - 1));
  const ordered = box.metric.lines.toSorted((a, b) => Number(a.drawn.selected) - Number(b.drawn.selected));
  const lines = ordered.map(({ drawn, measure: { points } }, pen): DrawnLine => {
    canvas.pen = pen;
    if (state.smoothing > 0 && rows >= ROWS_FOR_RAW) drawDots(raw, on(points), y);
    const values = on(smoothed(points, state.smoothing));
    const dense = values.length * SPARSE > columns * 2;
    drawLine(canvas, values, y, dense || drawn.selected ? 0 : 1 + (drawn.index % PATTERNS));
    return { letter: drawn.letter, style: styles.get(drawn) ?? DIM, columns: values, dense };
  });
  transfer(plot, canvas, raw, lines, look.ascii);
  for (const [pen, line] of lines.entries()) {
    if (look.depth === 1 && line.dense && lines.length > 1) letterWithin(plot, canvas, pen, lines.length, line);
    drawSigns(plot, line, y);
  }
  if (lines.length > 1)
    lettersAtEnds(
      edge,
      lines.map((line) => ({ ...line, row: endOf(line, y) })),
    );
}

function drawLine(canvas: Canvas, columns: readonly Column[], y: ToDot, pattern: number): void {
  let last: Dot | null = null;
  let drawn = 0;
  for (const { dot, range, joined } of columns) {
    if (!range) continue;
    if (joined && last) drawn = canvas.line(last, [dot, y(range.first)], pattern, drawn);
    const low = y(range.low);
    for (let at = y(range.high); at <= low; at++) canvas.dot(dot, at);
    last = [dot, y(range.last)];
  }
}

function drawDots(canvas: Canvas, columns: readonly Column[], y: ToDot): void {
  for (const { dot, range } of columns) {
    if (!range) continue;
    canvas.dot(dot, y(range.low));
    canvas.dot(dot, y(range.high));
  }
}

/** Braille, or in ASCII the letter of each line. */
function transfer(plot: Raster, canvas: Canvas, raw: Canvas, lines: readonly DrawnLine[], ascii: boolean): void {
  for (let row = 0; row < canvas.lines; row++) {
    for (let column = 0; column < canvas.columns; column++) {
      const text = canvas.text(row, column);
      if (text === " ") {
        const behind = raw.text(row, column);
        if (behind !== " ") plot.put(row, column, ascii ? "." : behind, DIM);
        continue;
      }
      const line = lines[canvas.penAt(row, column)];
      plot.put(row, column, ascii && line ? line.letter : text, line?.style);
    }
  }
}

/** A sign at each value that is not finite, as high as the line was before, and for a line of one value. */
function drawSigns(plot: Raster, { columns, style }: DrawnLine, y: ToDot): void {
  let row = plot.size.rows - 1;
  for (const { dot, range, broken } of columns) {
    if (range) row = y(range.last) >> 2;
    if (broken) plot.put(row, dot >> 1, SIGNS.broken, style);
    else if (columns.length === 1) plot.put(row, dot >> 1, SIGNS.point, style);
  }
}

function endOf({ columns }: DrawnLine, y: ToDot): number {
  const range = columns.findLast((column) => column.range !== null)?.range;
  return range ? y(range.last) >> 2 : Number.POSITIVE_INFINITY;
}
