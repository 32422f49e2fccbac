/** How wide cells are, and which columns of the grid are shown. */

import type { Grid } from "../../../views/grid/grid.js";
import type { GridMap } from "../../../views/grid/map.js";
import { axisTitle } from "../../../views/grid/marks.js";
import { clip } from "../../../views/parts/fit.js";
import { textWidth } from "../../../views/parts/text-width.js";
import type { ScreenRun } from "../../data.js";
import { type CellStyle, cellText, spreadLine } from "./cell-text.js";

export interface Columns extends CellStyle {
  head: Head;
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
  /** Whether there is a line above the columns' values. */
  titled: boolean;
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
  const { grid, columns } = request;
  const count = grid.cols.values.length;
  // Made only as far as they are asked for, because a grid may have thousands of cells.
  const styles: ReturnType<typeof styled>[] = [];
  const styleAt = (i: number) => {
    styles[i] ??= styled(request, STYLES[i] ?? NARROWEST);
    return styles[i];
  };
  const heads = headsOf(grid, request.titled).map((head) => ({ head, side: sideOf(request, head) }));
  for (const { head, side } of heads) {
    for (const i of STYLES.keys()) {
      const style = styleAt(i);
      if ((1 + style.body + style.after) * count <= columns - side - LAST) {
        return { ...style, head, side, from: 0, to: count };
      }
    }
  }
  // Not all have room: the narrowest, around the cursor.
  const last = styleAt(STYLES.length - 1);
  const { head, side } = heads.at(-1) ?? { head: { above: null, side: "" }, side: 1 };
  const room = columns - side - LAST - 2 * HIDDEN;
  const shown = Math.max(1, Math.min(count, Math.floor(room / (1 + last.body + last.after))));
  const from = Math.max(0, Math.min(count - shown, request.cursor - Math.floor(shown / 2)));
  return { ...last, head, side: side + HIDDEN, from, to: from + shown };
}

type Style = Pick<Columns, "digits" | "detail" | "after">;

const NARROWEST: Style = { digits: 1, detail: false, after: 0 };
/** From the most to the least that is said. */
const STYLES: readonly Style[] = [
  { digits: 2, detail: true, after: 1 },
  { digits: 1, detail: true, after: 1 },
  { digits: 2, detail: false, after: 1 },
  { digits: 1, detail: false, after: 1 },
  NARROWEST,
];

function styled({ grid, runs, map, tall }: ColumnsRequest, style: Style) {
  const how = { ...style, map, tall };
  const texts = grid.cells.map((cell) => cellText(grid, runs, cell, how));
  const value = Math.max(
    ...grid.cols.texts.map((text) => textWidth(text)),
    ...texts.map((text) => textWidth(text.value)),
  );
  const marks = Math.max(0, ...texts.map((text) => textWidth(text.marks)));
  const below = tall ? grid.cells.map((cell) => textWidth(spreadLine(grid, runs, cell, how))) : [];
  return { ...how, body: Math.max(value + marks, ...below), marks };
}

const sideOf = ({ grid, scrolled }: ColumnsRequest, head: Head): number =>
  Math.max(textWidth(head.side), scrolled + Math.max(...grid.rows.texts.map((text) => textWidth(text)))) + 1;

/** What stands above the names of the rows, and above the columns' values if there is a line for it. */
interface Head {
  above: string | null;
  side: string;
}

/** From the longest to the shortest. Without a line above, one place has the names of both axes. */
function headsOf({ rows, cols }: Grid, hasLine: boolean): Head[] {
  const short = clip(rows.symbol ?? rows.name, 12);
  if (!hasLine) return [{ above: null, side: `${short}↓ ${clip(cols.symbol ?? cols.name, 12)}→` }];
  return [
    { above: `${axisTitle(cols)} →`, side: `${axisTitle(rows)} ↓` },
    { above: `${axisTitle(rows)} ↓   ${axisTitle(cols)} →`, side: `${short}↓` },
  ];
}
