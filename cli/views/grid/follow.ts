import type { JobPlan } from "../../job/reporter.js";
import { openStore } from "../../store/store.js";
import type { Grid } from "./grid.js";
import { gridOf } from "./load.js";

/** Milliseconds between two looks at the database; events are stored at most 200 ms after they came. */
const EVERY = 1000;
/** Reading more runs every second would take time from those who train; their grid would fit no terminal either. */
const MOST_CELLS = 2000;

/**
 * Calls `show` with the grid of a job, now and every second, as the database has it: another process may train some of its
 * cells. Returns how to stop. Without a grid, nothing is followed.
 */
export function followGrid(
  plan: Pick<JobPlan, "dbPath" | "experiment" | "cells">,
  show: (grid: Grid) => void,
): () => void {
  if (plan.cells.length > MOST_CELLS) return () => {};
  const read = (): boolean => {
    try {
      const store = openStore(plan.dbPath, { readonly: true });
      try {
        const grid = gridOf(store, plan.experiment);
        if (grid) show(grid);
        return grid !== null;
      } finally {
        store.close();
      }
    } catch {
      // A third axis varies, of which the summary speaks; or the file cannot be read now: no reason to end a training.
      return false;
    }
  };
  if (!read()) return () => {};
  const timer = setInterval(read, EVERY).unref();
  return () => clearInterval(timer);
}
