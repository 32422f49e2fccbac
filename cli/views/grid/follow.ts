import type { JobPlan } from "../../job/reporter.js";
import { openStore, type Store } from "../../store/store.js";
import { paced } from "../parts/pace.js";
import type { Grid } from "./grid.js";
import { gridOf } from "./load.js";

/** Milliseconds between two looks at the database; events are stored at most 200 ms after they came. */
const EVERY = 1000;
const LONGEST = 60_000;
/** Of the time of the thread that feeds the workers, what looking at a grid may take: a large one is looked at less often. */
const SHARE = 0.01;
/** The grid of more runs would fit no terminal. */
const MOST_CELLS = 4000;

/**
 * Calls `show` with the grid of a job, now and whenever the database has changed: another process may train some of its
 * cells. Returns how to stop. Without a grid, nothing is followed.
 */
export function followGrid(
  plan: Pick<JobPlan, "dbPath" | "experiment" | "cells">,
  show: (grid: Grid) => void,
): () => void {
  if (plan.cells.length > MOST_CELLS) return () => {};
  let store: Store | undefined;
  let version: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  /** Whether there is a grid; a file that cannot be read now is no reason to end a training. */
  const look = (): boolean => {
    try {
      store ??= openStore(plan.dbPath, { readonly: true });
      const now = store.version();
      if (now === version) return true;
      const grid = gridOf(store, plan.experiment);
      if (grid) show(grid);
      version = now;
      return grid !== null;
    } catch {
      close(); // it may be another file next time
      return false;
    }
  };
  const close = () => {
    store?.close();
    [store, version] = [undefined, undefined];
  };
  const again = () => {
    timer = setTimeout(again, paced(SHARE, { least: EVERY, most: LONGEST }, look)).unref();
  };
  // A third axis may vary, of which the summary speaks.
  if (look()) timer = setTimeout(again, EVERY).unref();
  else close();
  return () => {
    clearTimeout(timer);
    close();
  };
}
