/** Runs of the screen by their id, and the one that is shown. */
import type { ScreenData, ScreenRun } from "../data.js";
import type { Shared } from "../pane.js";

/** Kept, because every pane asks for it in every frame, of thousands of runs. */
const known = new WeakMap<readonly ScreenRun[], ReadonlyMap<string, ScreenRun>>();

export function runsById(runs: readonly ScreenRun[]): ReadonlyMap<string, ScreenRun> {
  const kept = known.get(runs);
  if (kept) return kept;
  const byId = new Map(runs.map((run) => [run.id, run]));
  known.set(runs, byId);
  return byId;
}

/** The selected run, else the first in training, else the first of the best cell, else the first. */
export function shownRun({ runs, grid }: Pick<ScreenData, "runs" | "grid">, shared: Shared): ScreenRun | null {
  const byId = runsById(runs);
  const selected = shared.selected === null ? undefined : byId.get(shared.selected);
  const best = () => byId.get(grid?.cells.find((cell) => cell.best)?.runs[0] ?? "");
  return selected ?? runs.find(({ state }) => state === "running") ?? best() ?? runs[0] ?? null;
}
