/** A grid for a terminal or a pipe. */
import stringWidth from "string-width";
import { clip, fitTo } from "../parts/fit.js";
import { prose } from "../parts/prose.js";
import { wrap } from "../parts/wrap.js";
import type { ColourDepth } from "../terminal.js";
import type { GridCell } from "./cell.js";
import { dimmed, painted } from "./colour.js";
import type { Grid } from "./grid.js";
import { type GridMap, type MapName, mapOf } from "./map.js";
import {
  axisTitle,
  footnotes,
  legendOf,
  marksOf,
  nameOf,
  scoreText,
  signOf,
  spreadText,
  subjectText,
} from "./marks.js";
import { type Scale, scaleOf } from "./scale.js";

export interface GridTextOptions {
  /** Columns; null is as wide as needed, for a file or a pipe. */
  width: number | null;
  depth: ColourDepth;
  /** What the cells show; default: scores. */
  show?: MapName;
}

/** Columns of the colour scale. */
const SCALE = 16;
/** Between the entries of the legend. */
const GAP = "   ";

/** Title, grid, legend, footnotes. Pure. */
export function gridText(grid: Grid, options: GridTextOptions): string {
  const notes = footnotes(grid).flatMap((note) => wrap(note.split(/ (?!\d)/), " ", options.width));
  const blocks = [titleLines(grid, options), gridLines(grid, options), legendLines(grid, options), notes];
  return blocks.flatMap((lines, i) => (i > 0 && lines.length > 0 ? ["", ...lines] : lines)).join("\n");
}

/** A name longer than the terminal is cut; everything else breaks at blanks. */
function titleLines(grid: Grid, { width, show = "score" }: GridTextOptions): string[] {
  const title = `${nameOf(grid)}: ${mapOf(grid, show).measure} (${subjectText(grid)})`;
  return prose(title, width).map((line) => (width === null ? line : clip(line, width)));
}

/** The grid alone. Columns that do not fit beside each other follow in blocks below. */
export function gridLines(grid: Grid, { width, depth, show = "score" }: GridTextOptions): string[] {
  const layout = layoutOf(grid, width, mapOf(grid, show));
  const count = grid.cols.values.length;
  const blocks = Array.from({ length: Math.ceil(count / layout.across) }, (_, i) => i * layout.across);
  return blocks.flatMap((from, i) => [
    ...(i > 0 ? [""] : []),
    ...blockLines(grid, layout, from, Math.min(count, from + layout.across), depth),
  ]);
}

function legendLines(grid: Grid, { width, depth, show = "score" }: GridTextOptions): string[] {
  const map = mapOf(grid, show);
  const scale = scaleOf(grid, map);
  const parts = legendOf(grid, show === "score").map(([sign, meaning]) => `${sign} ${meaning}`);
  const fitted = (all: readonly string[]) => wrap(all, GAP, width).flatMap((line) => prose(line, width));
  if (!scale || scale.worst === scale.best) return fitted(parts); // nothing to compare
  const ends = [map.text(scale.worst), map.text(scale.best)];
  const meaning = map.ends === null ? "" : `: ${map.ends}`;
  if (depth === 1) return fitted([`from ${ends[0]} to ${ends[1]}${meaning}`, ...parts]);
  const bar = Array.from({ length: SCALE }, (_, i) => painted(" ", i / (SCALE - 1), depth)).join("");
  return wrap([`${ends[0]} ${bar} ${ends[1]}${meaning}`, ...parts], GAP, width);
}

/** Lines and columns of `gridLines` when all columns fit beside each other. */
export function gridSize(grid: Grid): { columns: number; lines: number } {
  const { side, cell, tall } = layoutOf(grid, null, mapOf(grid, "score"));
  return { columns: side + cell * grid.cols.values.length, lines: 2 + grid.rows.values.length * (tall ? 2 : 1) };
}

interface Layout {
  /** Columns of the row's title and values. */
  side: number;
  /** Columns of one cell. */
  cell: number;
  /** Columns of the marks after a value. */
  marks: number;
  digits: number;
  /** Cells side by side. */
  across: number;
  /** Columns of a line. */
  room: number;
  /** Whether each row has a second line with deviation and number of seeds. */
  tall: boolean;
  map: GridMap;
}

/** Two decimals if they fit, else one, else fewer cells side by side. */
function layoutOf(grid: Grid, width: number | null, map: GridMap): Layout {
  const side = Math.max(stringWidth(axisTitle(grid.rows)), ...grid.rows.texts.map((text) => stringWidth(text))) + 2;
  const heads = Math.max(...grid.cols.texts.map((text) => stringWidth(text)));
  const marks = Math.max(1, ...grid.cells.map((cell) => stringWidth(marksOf(cell))));
  const tall = grid.seeds > 1 && map.name === "score";
  const room = width ?? Number.POSITIVE_INFINITY;
  const layouts = [2, 1].map((digits): Layout => {
    const texts = grid.cells.flatMap((cell) => [
      stringWidth(shownValue(grid, map, cell, digits)),
      tall ? stringWidth(spreadOf(grid, cell, digits)) - marks : 0,
    ]);
    const cell = Math.max(heads, ...texts) + marks + 2;
    const across = Math.min(grid.cols.values.length, Math.max(1, Math.floor((room - side) / cell)));
    return { side, cell, marks, digits, across, room, tall, map };
  });
  const [fine, coarse] = layouts as [Layout, Layout];
  return fine.across >= grid.cols.values.length || coarse.across === fine.across ? fine : coarse;
}

function blockLines(grid: Grid, layout: Layout, from: number, to: number, depth: ColourDepth): string[] {
  const { side, cell, marks } = layout;
  const paint: Paint = { grid, layout, depth, scale: scaleOf(grid, layout.map) };
  const columns = grid.cols.texts.slice(from, to);
  // Heads are above the digits, not above the marks after them.
  const heads = columns.map((text) => `${fitTo(text, cell - marks - 1, "right")}${" ".repeat(marks + 1)}`);
  const lines = [
    `${" ".repeat(side)} ${clip(axisTitle(grid.cols), layout.room - side - 1)}`,
    `${fitTo(axisTitle(grid.rows), side)}${heads.join("")}`,
  ];
  for (const [i, row] of grid.rows.texts.entries()) {
    const start = i * grid.cols.values.length;
    const cells = grid.cells.slice(start + from, start + to);
    const name = fitTo(row, side - 2, "right");
    lines.push(`${name}  ${cells.map((one) => cellText(one, paint)).join("")}`);
    if (layout.tall) lines.push(`${" ".repeat(side)}${cells.map((one) => paintedSpread(one, paint)).join("")}`);
  }
  return lines.map((line) => line.trimEnd());
}

interface Paint {
  grid: Grid;
  layout: Layout;
  depth: ColourDepth;
  scale: Scale | null;
}

function cellText(cell: GridCell, { grid, layout, depth, scale }: Paint): string {
  const { cell: width, marks, digits, map } = layout;
  const value = fitTo(shownValue(grid, map, cell, digits), width - marks - 2, "right");
  const text = ` ${value}${fitTo(marksOf(cell), marks)} `;
  return painting(cell, text, { layout, depth, scale }, cell.best);
}

function paintedSpread(cell: GridCell, { grid, layout, depth, scale }: Paint): string {
  const text = ` ${fitTo(spreadOf(grid, cell, layout.digits), layout.cell - 2, "right")} `;
  return painting(cell, text, { layout, depth, scale });
}

function painting(cell: GridCell, text: string, { layout, depth, scale }: Omit<Paint, "grid">, bold = false): string {
  const value = layout.map.value(cell);
  return value === null || !scale ? dimmed(text, depth) : painted(text, scale.part(value), depth, bold);
}

/** Only a sign if there is no value; the newest score and the sign for a cell that is not done. */
function shownValue(grid: Grid, map: GridMap, cell: GridCell, digits: number): string {
  const value = map.value(cell);
  if (value !== null) return map.text(value, digits);
  if (map.name !== "score" || cell.soFar === null) return signOf(cell);
  return `${scoreText(grid, cell.soFar, digits)}${signOf(cell)}`;
}

function spreadOf(grid: Grid, { deviation, n }: GridCell, digits: number): string {
  if (n === 0) return "";
  return deviation === null ? `/${n}` : `±${spreadText(grid, deviation, digits)}/${n}`;
}
