import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Store } from "./store.js";

/** Beside the runs: trees of many runs have their checkpoints together. */
const FOLDER = ".checkpoints";

/** Where runs that may share a tree have their checkpoints. The worker makes it. */
export const checkpointFolder = (store: Store, key: string): string => join(store.folder, "runs", FOLDER, key);

/** Runs that a checkpoint holds. */
export function heldRuns(store: Store): Set<string> {
  return new Set(trees(store).flatMap(({ runs }) => runs ?? []));
}

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
  for (const { folder, runs } of trees(store)) {
    if (runs && unwanted(runs)) rmSync(folder, { recursive: true, force: true });
  }
  for (const key of keys(store)) if (readdirSync(key).length === 0) rmdirSync(key);
}

/** Every checkpoint, with the runs that it holds where that can be read. */
function trees(store: Store): { folder: string; runs: string[] | undefined }[] {
  return keys(store).flatMap((key) =>
    readdirSync(key).map((tree) => ({ folder: join(key, tree), runs: runsOf(join(key, tree)) })),
  );
}

function keys(store: Store): string[] {
  const root = join(store.folder, "runs", FOLDER);
  return existsSync(root) ? readdirSync(root).map((key) => join(root, key)) : [];
}

/** Undefined for a folder in which nothing can be read yet: another process may be writing it. */
function runsOf(folder: string): string[] | undefined {
  try {
    return (JSON.parse(readFileSync(join(folder, "tree.json"), "utf8")) as { cells: string[] }).cells;
  } catch {
    return undefined;
  }
}
