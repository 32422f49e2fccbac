import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Store } from "./store.js";

/** Beside the runs: trees of many runs have their checkpoints together. */
const FOLDER = ".checkpoints";

/** Where runs that may share a tree have their checkpoints. The worker makes it. */
export const checkpointFolder = (store: Store, key: string): string => join(store.folder, "runs", FOLDER, key);

/** Deletes the checkpoints that nobody will go on from: those whose runs are all finished, or gone. */
export function clearCheckpoints(store: Store): void {
  const finished = store.prepare("SELECT state = 'finished' FROM v_runs WHERE run = ?").pluck();
  deleteWhere(store, (runs) => runs.every((run) => finished.get(run) !== 0));
}

/** Deletes the checkpoints that hold any of these runs. */
export function dropCheckpoints(store: Store, runs: readonly string[]): void {
  const gone = new Set(runs);
  deleteWhere(store, (held) => held.some((run) => gone.has(run)));
}

function deleteWhere(store: Store, unwanted: (runs: string[]) => boolean): void {
  const root = join(store.folder, "runs", FOLDER);
  if (!existsSync(root)) return;
  for (const key of readdirSync(root)) {
    for (const tree of readdirSync(join(root, key))) {
      const folder = join(root, key, tree);
      const runs = runsOf(folder);
      if (runs && unwanted(runs)) rmSync(folder, { recursive: true, force: true });
    }
    if (readdirSync(join(root, key)).length === 0) rmdirSync(join(root, key));
  }
}

/** Undefined for a folder in which nothing can be read yet: another process may be writing it. */
function runsOf(folder: string): string[] | undefined {
  try {
    return (JSON.parse(readFileSync(join(folder, "tree.json"), "utf8")) as { cells: string[] }).cells;
  } catch {
    return undefined;
  }
}
