/** The cell under the cursor, and the run that it selects. */
import type { GridCell, Position } from "../../../views/grid/cell.js";
import type { Grid } from "../../../views/grid/grid.js";
import type { MapName } from "../../../views/grid/map.js";
import type { ScreenData, ScreenRun } from "../../data.js";
import type { Pressed, Shared } from "../../pane.js";
import { runsById, shownRun } from "../shown-run.js";

export interface GridPaneState {
  /** Where the arrow keys went last. */
  at: Position | null;
  /** The run that was selected then: if another pane selects another one, the cursor goes to its cell. */
  selected: string | null;
  show: Extract<MapName, "score" | "params">;
}

/** Indices of a row and a column. */
export interface Place {
  row: number;
  col: number;
}

interface Context {
  data: Pick<ScreenData, "runs" | "grid">;
  shared: Shared;
  state: GridPaneState;
}

/** Null if the selected run is not on the grid, such as a baseline. */
export function cursorOf(grid: Grid, { data, shared, state }: Context): Place | null {
  const at = state.at && placeOf(grid, state.at);
  const { selected } = shared;
  if (at && (selected === state.selected || (selected !== null && cellAt(grid, at)?.runs.includes(selected)))) {
    return at;
  }
  const run = shownRun(data, shared);
  const cell = run && grid.cells.find(({ runs }) => runs.includes(run.id));
  if (cell) return placeOf(grid, cell);
  return selected === null ? { row: 0, col: 0 } : null;
}

export const cellAt = (grid: Grid, { row, col }: Place): GridCell | undefined =>
  grid.cells[row * grid.cols.values.length + col];

const STEPS: Record<string, Place> = {
  up: { row: -1, col: 0 },
  down: { row: 1, col: 0 },
  left: { row: 0, col: -1 },
  right: { row: 0, col: 1 },
  home: { row: 0, col: Number.NEGATIVE_INFINITY },
  end: { row: 0, col: Number.POSITIVE_INFINITY },
};

/** Moves to the neighbour and selects a run of it: one in training, else the first. */
export function move(context: Context, key: string): Pressed<GridPaneState> {
  const { grid } = context.data;
  const step = STEPS[key];
  if (!grid || !step) return {};
  const { state, shared, data } = context;
  const from = cursorOf(grid, context) ?? (state.at && placeOf(grid, state.at)) ?? { row: 0, col: 0 };
  const to = {
    row: clamp(from.row + step.row, grid.rows.values.length),
    col: clamp(from.col + step.col, grid.cols.values.length),
  };
  const cell = cellAt(grid, to);
  if (!cell) return {};
  const runs = runsOf(data.runs, cell);
  const run = (runs.find((one) => one.state === "running") ?? runs[0])?.id ?? shared.selected;
  return { state: { ...state, at: positionOf(cell), selected: run }, shared: { selected: run } };
}

/** Selects the seed of the cell before (`[`) or after; after the last one comes the first. */
export function otherSeed(context: Context, key: string): Pressed<GridPaneState> {
  const { grid } = context.data;
  const at = grid && cursorOf(grid, context);
  const cell = at && cellAt(grid, at);
  const runs = cell ? runsOf(context.data.runs, cell) : [];
  const now = runs.findIndex(({ id }) => id === context.shared.selected);
  const to = key === "[" ? Math.max(now, 0) - 1 : now + 1;
  const next = runs[(to + runs.length) % Math.max(1, runs.length)];
  if (!cell || !next) return {};
  return { state: { ...context.state, at: positionOf(cell), selected: next.id }, shared: { selected: next.id } };
}

/** The runs of a cell that the screen shows, in the order of the cell. */
export function runsOf(runs: readonly ScreenRun[], cell: Pick<GridCell, "runs">): ScreenRun[] {
  const byId = runsById(runs);
  return cell.runs.flatMap((id) => byId.get(id) ?? []);
}

function placeOf({ rows, cols }: Grid, at: Position): Place | null {
  const place = { row: rows.values.indexOf(at.row), col: cols.values.indexOf(at.col) };
  return place.row < 0 || place.col < 0 ? null : place;
}

const positionOf = ({ row, col }: Position): Position => ({ row, col });

const clamp = (index: number, count: number) => Math.max(0, Math.min(count - 1, index));
