/** How wide cells are, and which columns of the grid are shown. */
import stringWidth from "string-width";
import type { Grid } from "../../../views/grid/grid.js";
import type { GridMap } from "../../../views/grid/map.js";
import { axisTitle } from "../../../views/grid/marks.js";
import { clip } from "../../../views/parts/fit.js";
import type { ScreenRun } from "../../data.js";
import { type CellStyle, cellText, spreadLine } from "./cell-text.js";

export interface Columns extends CellStyle {
  /** Width of the names of rows with what stands before them. */
  side: number;
  /** Widths of a cell's text and of the marks at its end. */
  body: number;
  marks: number;
  /** Blanks after the text; one before it is always there. */
  after: 0 | 1;
  /** Columns shown: from, up to. */
  from: number;
  to: number;
}

export interface ColumnsRequest {
  grid: Grid;
  runs: readonly ScreenRun[];
  map: GridMap;
  /** Whether rows have a second line. */
  tall: boolean;
  /** What stands above the names of the rows. */
  head: string;
  /** Columns that are kept for marks of rows that are scrolled away. */
  scrolled: number;
  columns: number;
  /** Column of the cursor; it is always shown. */
  cursor: number;
}

/** Of a number of columns that are hidden, such as `12›`. */
export const HIDDEN = 3;
/** The bracket of the cursor after the last cell. */
const LAST = 1;

export function columnsOf(request: ColumnsRequest): Columns {
  const { grid, tall, columns } = request;
  const count = grid.cols.values.length;
  const side = sideOf(request);
  const room = columns - side - LAST;
  const styles = [
    ...(tall ? [] : [style(2, true, 1), style(1, true, 1)]),
    ...[style(2, false, 1), style(1, false, 1), style(1, false, 0)],
  ].map((one) => ({ ...one, ...widths(request, one) }));
  const fits = ({ body, after }: { body: number; after: number }) => (1 + body + after) * count <= room;
  const found = styles.find(fits);
  if (found) return { ...found, map: request.map, side, from: 0, to: count };
  const last = styles.at(-1) ?? { ...style(1, false, 0), body: 1, marks: 0 };
  const each = 1 + last.body + last.after;
  const shown = Math.max(1, Math.min(count, Math.floor((room - 2 * HIDDEN) / each)));
  const from = Math.max(0, Math.min(count - shown, request.cursor - Math.floor(shown / 2)));
  return { ...last, map: request.map, side: side + HIDDEN, from, to: from + shown };
}

const style = (digits: number, detail: boolean, after: 0 | 1) => ({ digits, detail, after });

function widths({ grid, runs, map, tall }: ColumnsRequest, how: { digits: number; detail: boolean }) {
  const texts = grid.cells.map((cell) => cellText(grid, runs, cell, { map, ...how }));
  const value = Math.max(
    ...grid.cols.texts.map((text) => stringWidth(text)),
    ...texts.map((text) => stringWidth(text.value)),
  );
  const marks = Math.max(0, ...texts.map((text) => stringWidth(text.marks)));
  const below = tall ? grid.cells.map((cell) => stringWidth(spreadLine(grid, runs, cell, how.digits))) : [];
  return { body: Math.max(value + marks, ...below), marks };
}

const sideOf = ({ grid, head, scrolled }: ColumnsRequest): number =>
  Math.max(stringWidth(head), scrolled + Math.max(...grid.rows.texts.map((text) => stringWidth(text)))) + 1;

/** The names of both axes, beside the values of the columns. */
export const shortHead = ({ rows, cols }: Grid): string =>
  clip(`${rows.symbol ?? rows.name}↓ ${cols.symbol ?? cols.name}→`, 16);

export const rowsHead = ({ rows }: Grid): string => `${axisTitle(rows)} ↓`;
