/** The grid as lines: head, rows, and below them as much as there is room for. */

import type { GridCell } from "../../../views/grid/cell.js";
import type { Grid } from "../../../views/grid/grid.js";
import { mapOf } from "../../../views/grid/map.js";
import { type Scale, scaleOf } from "../../../views/grid/scale.js";
import { fitTo } from "../../../views/parts/fit.js";
import { prose } from "../../../views/parts/prose.js";
import { textWidth } from "../../../views/parts/text-width.js";
import { fitLine, type Line, type Role, type Span } from "../../line.js";
import type { PaneContext, Size } from "../../pane.js";
import { besideLines, knownOf, legendLines, noteLines } from "./below.js";
import { type CellText, cellText, spreadLine } from "./cell-text.js";
import { type Columns, columnsOf, HIDDEN } from "./columns.js";
import { cellAt, cursorOf, type GridPaneState, type Place } from "./cursor.js";
import { allOf, type Below, furnish, MOST_OF_CELL } from "./furniture.js";
import { linesOf, rowPlans, type ShownRow, scrolled, waitingCells } from "./rows.js";

type Context = PaneContext<GridPaneState>;

/** Of rows that are scrolled away, such as `↓12 `. */
const SCROLL_MARK = 4;

export function gridPaneLines(context: Context, { columns, rows }: Size): Line[] {
  const { grid } = context.data;
  if (!grid) return [];
  const cursor = cursorOf(grid, context);
  const map = mapOf(grid, context.state.show);
  const below = belowOf(context, grid, cursor, columns);
  const room = rows - 1 - Math.min(1, below.cell.length); // the head and the line of the cell
  const { plan, cut } = planOf(context, grid, cursor, below, room);
  const furniture = furnish(below, room - linesOf(plan));
  const shown = columnsOf({
    ...{ grid, columns, runs: context.data.runs, map, titled: furniture.titled },
    tall: plan.some(({ lines }) => lines === 2),
    scrolled: cut ? SCROLL_MARK : 0,
    cursor: cursor?.col ?? 0,
  });
  const drawing: Drawing = { context, grid, cursor, cut, plan, columns: shown, scale: scaleOf(grid, map) };
  return [...headLines(drawing, columns), ...plan.flatMap((row, i) => rowLines(drawing, row, i)), ...furniture.lines]
    .slice(0, rows)
    .map((line) => fitLine(line, columns));
}

/** Lines of the whole grid with all that explains it, but not the footnotes. */
export function wantedRows(context: Context, columns: number): number {
  const { grid } = context.data;
  if (!grid) return 0;
  const cursor = cursorOf(grid, context);
  const [fullest = []] = plans(context, grid, cursor);
  return 1 + linesOf(fullest) + allOf(belowOf(context, grid, cursor, columns));
}

function belowOf({ data, shared, state, look }: Context, grid: Grid, cursor: Place | null, columns: number): Below {
  const map = mapOf(grid, state.show);
  const cell = cursor && cellAt(grid, cursor);
  const known = cell ? knownOf(grid, data.runs, cell, shared.selected) : "";
  return {
    columns,
    known,
    cell: known === "" ? [] : prose(known, columns).slice(0, MOST_OF_CELL),
    legend: legendLines(grid, map, look.depth > 1, columns),
    beside: besideLines(grid, shared.selected, state.show, columns),
    notes: () => noteLines(grid, columns),
  };
}

const plans = ({ state }: Context, grid: Grid, cursor: Place | null): ShownRow[][] =>
  rowPlans({ grid, spreads: grid.seeds > 1 && state.show === "score", cursor: cursor?.row ?? -1 });

/** Two lines a row only beside signs and baselines; two lines for a row that waits only if nothing else needs them. */
function planOf(context: Context, grid: Grid, cursor: Place | null, below: Below, room: number) {
  const all = plans(context, grid, cursor);
  const explained = Math.min(1, below.legend.length) + Math.min(1, below.beside.length);
  for (const [i, plan] of all.entries()) {
    const isTall = plan.some(({ lines }) => lines === 2);
    const keep = !isTall ? 0 : i === 0 ? allOf(below) - Math.min(1, below.cell.length) : explained;
    if (linesOf(plan) <= room - keep) return { plan, cut: false };
  }
  return { plan: scrolled(all.at(-1) ?? [], cursor?.row ?? 0, room), cut: true };
}

interface Drawing {
  context: Context;
  grid: Grid;
  cursor: Place | null;
  columns: Columns;
  plan: readonly ShownRow[];
  /** Whether rows are scrolled away. */
  cut: boolean;
  scale: Scale | null;
}

function headLines({ grid, columns }: Drawing, width: number): Line[] {
  const { head, side, body, marks, after, from, to } = columns;
  const hiddenRight = grid.cols.values.length - to;
  const isCut = from > 0 || hiddenRight > 0;
  const heads = grid.cols.texts.slice(from, to).map((text): Span => {
    // Above the digits, not above the marks after them.
    const above = fitTo(text, Math.min(body, Math.max(textWidth(text), body - marks)), "right");
    return { text: ` ${fitTo(above, body + after)}`, role: "title" };
  });
  const left: Line = isCut
    ? [{ text: fitTo(head.side, side - HIDDEN) }, { text: fitTo(from > 0 ? `‹${from}` : "", HIDDEN), role: "accent" }]
    : [{ text: fitTo(head.side, side) }];
  const right: Line = hiddenRight > 0 ? [{ text: ` ${hiddenRight}›`, role: "accent" }] : [];
  const line = [...left, ...heads, ...right];
  if (head.above === null) return [line];
  const indent = Math.max(0, Math.min(side + 1, width - textWidth(head.above)));
  return [[{ text: `${" ".repeat(indent)}${head.above}` }], line];
}

function rowLines(drawing: Drawing, row: ShownRow, at: number): Line[] {
  const { grid, columns } = drawing;
  const name = nameSpans(drawing, row, at);
  if (!("row" in row)) {
    const cells = waitingCells(grid, row);
    return [[...name, { text: ` waiting (${cells} cells)`, role: "dim" }]];
  }
  const places = Array.from({ length: columns.to - columns.from }, (_, i) => ({ row: row.row, col: columns.from + i }));
  const cells = places.map((place) => cellSpans(drawing, place));
  const lines: Line[] = [[...name, ...cells.flatMap((cell) => cell.first), ...closing(drawing, row.row)]];
  if (row.lines === 2) lines.push([{ text: " ".repeat(columns.side) }, ...cells.flatMap((cell) => cell.second)]);
  return lines;
}

/** The values of the row's axis, after how many rows are scrolled away above or below. */
function nameSpans({ grid, plan, cut, columns }: Drawing, row: ShownRow, at: number): Span[] {
  const texts = grid.rows.texts;
  const text = "row" in row ? (texts[row.row] ?? "") : `${texts[row.from]}-${texts[row.to]}`;
  const first = plan[0];
  const last = plan.at(-1);
  const above = !cut || at > 0 || !first ? 0 : "row" in first ? first.row : first.from;
  const below = !cut || at < plan.length - 1 || !last ? 0 : texts.length - 1 - ("row" in last ? last.row : last.to);
  const mark = above > 0 ? `↑${above}` : below > 0 ? `↓${below}` : "";
  const width = columns.side - 1;
  return [
    { text: mark, role: "accent" },
    { text: `${fitTo(text, width - mark.length, "right")} `, role: "title" },
  ];
}

interface CellSpans {
  first: Span[];
  second: Span[];
}

function cellSpans(drawing: Drawing, place: Place): CellSpans {
  const { context, grid, columns, scale, cursor } = drawing;
  const cell = cellAt(grid, place);
  if (!cell) return { first: [], second: [] };
  const { body, marks, after, map } = columns;
  const value = map.value(cell);
  const style: Omit<Span, "text"> =
    value === null || !scale ? { role: ROLES[cell.state] } : { scale: scale.part(value), bold: cell.best };
  const isHere = cursor?.row === place.row && cursor.col === place.col;
  // Without a blank of its own after it, the bracket stands in the one before the next cell.
  const isNext = after === 0 && cursor?.row === place.row && cursor.col === place.col - 1;
  const open = isHere ? "[" : isNext && place.col > columns.from ? "]" : " ";
  const text = aligned(cellText(grid, context.data.runs, cell, columns), body, marks);
  const mark = (sign: string): Span => (sign.trim() === "" ? { ...style, text: sign } : { ...CURSOR, text: sign });
  const close = " ".repeat(after);
  const below = fitTo(spreadLine(grid, context.data.runs, cell, columns), body, "right");
  return {
    first: [mark(open), { ...style, text }, mark(isHere && after > 0 ? "]" : close)].filter((span) => span.text !== ""),
    second: [{ ...style, bold: false, text: ` ${below}${close}` }],
  };
}

const CURSOR: Omit<Span, "text"> = { role: "selected", bold: true };

/** The bracket after the last cell of a row. */
function closing({ cursor, columns }: Drawing, row: number): Span[] {
  const isLast = columns.after === 0 && cursor?.row === row && cursor.col === columns.to - 1;
  return isLast ? [{ ...CURSOR, text: "]" }] : [];
}

const ROLES: Record<GridCell["state"], Role | undefined> = {
  ...{ finished: undefined, running: "accent", failed: "bad", diverged: "bad", stopped: "warn" },
  ...{ planned: "dim", left_out: "dim" },
};

/** Digits below each other; what has more room than marks need takes it. */
function aligned({ value, marks: signs }: CellText, body: number, marks: number): string {
  const wide = textWidth(signs);
  const text = `${fitTo(value, Math.max(textWidth(value), body - marks), "right")}${fitTo(signs, Math.max(marks, wide))}`;
  return fitTo(text.length > body ? text.trimEnd() : text, body);
}
