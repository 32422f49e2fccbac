import type { Pressed } from "../../pane.js";

export interface StructureState {
  /** The run for which these hold; another one begins at the top. */
  run: string | null;
  /** First row shown. */
  top: number;
  /** Index of the last epoch shown; null: the newest, and a choice of those before. */
  end: number | null;
}

export interface Extent {
  run: string;
  /** Rows of the picture, and how many are shown. */
  rows: number;
  shownRows: number;
  epochs: number;
  shownEpochs: number;
}

const ROWS: Record<string, (page: number) => number> = {
  up: () => -1,
  down: () => 1,
  pageup: (page) => -page,
  pagedown: (page) => page,
  home: () => Number.NEGATIVE_INFINITY,
  end: () => Number.POSITIVE_INFINITY,
};

export const stateFor = (state: StructureState, run: string | null): StructureState =>
  state.run === run ? state : { run, top: 0, end: null };

export function scrolledBy(state: StructureState, key: string, extent: Extent): Pressed<StructureState> {
  const own = stateFor(state, extent.run);
  const { rows, shownRows, epochs, shownEpochs } = extent;
  const step = ROWS[key];
  if (step) {
    const most = Math.max(0, rows - shownRows);
    const from = Math.min(own.top, most);
    return { state: { ...own, top: Math.max(0, Math.min(most, from + step(Math.max(1, shownRows)))) } };
  }
  if (shownEpochs >= epochs) return { state: { ...own, end: null } };
  const last = epochs - 1;
  const end = (own.end ?? last) + (key === "left" ? -1 : 1);
  return { state: { ...own, end: end >= last ? null : Math.max(shownEpochs - 1, end) } };
}
