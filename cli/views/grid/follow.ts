import type { JobPlan } from "../../job/reporter.js";
import { openStore, type Store } from "../../store/store.js";
import { paced } from "../parts/pace.js";
import type { Grid } from "./grid.js";
import { gridOf } from "./load.js";

/** Milliseconds between two checks of the database; events are stored at most 200 ms after they arrive. */
const EVERY = 1000;
const LONGEST = 60_000;
/** Reading a grid may take this part of the thread that feeds the workers. A large grid is read less often. */
const SHARE = 0.01;
/** A grid of more runs would not fit any terminal. */
const MOST_CELLS = 4000;

/**
 * Calls `show` with the grid of a job, now and whenever the database changes, because another process may train some of
 * its cells. Returns a function that stops this. Does nothing if the runs make no grid.
 */
export function followGrid(
  plan: Pick<JobPlan, "dbPath" | "experiment" | "cells">,
  show: (grid: Grid) => void,
): () => void {
  if (plan.cells.length > MOST_CELLS) return () => {};
  let store: Store | undefined;
  let version: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  /** Whether there is a grid. A file that cannot be read now must not end a training. */
  const look = (): boolean => {
    try {
      store ??= openStore(plan.dbPath, { readonly: true });
      const now = store.version();
      if (now === version) return true;
      const grid = gridOf(store, plan.experiment, { withoutItems: true });
      if (grid) show(grid);
      version = now;
      return grid !== null;
    } catch {
      close(); // opened again next time: it may be another file
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
  // A third axis may vary; the summary reports that.
  if (look()) timer = setTimeout(again, EVERY).unref();
  else close();
  return () => {
    clearTimeout(timer);
    close();
  };
}
