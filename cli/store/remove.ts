import { existsSync, lstatSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../errors.js";
import { dropCheckpoints } from "./checkpoints.js";
import { ownerOf, reapLost, runningAttempts } from "./lease.js";
import { describeOwner } from "./owners/index.js";
import type { Store } from "./store.js";

const ASIDE = ".removing-";

export interface Removal {
  runs: number;
  attempts: number;
  /** Bytes of the files that went away, and by which the database file shrank. */
  fileBytes: number;
  databaseBytes: number;
}

/**
 * Deletes runs with everything that belongs to them, rows and files. Refuses all of them when one is running.
 * Inside the transaction the folders only get another name, which is undone when it fails; an interruption in between
 * is put right by the next removal.
 */
export function removeRuns(store: Store, ids: string[]): Removal {
  reapLost(store);
  const before = databaseBytes(store);
  const aside: { from: string; to: string }[] = [];
  let attempts = 0;
  try {
    store.write(() => {
      recoverFolders(store);
      refuseRunning(store, ids);
      attempts = ids.reduce((sum, id) => sum + deleteRows(store, id), 0);
      deleteUnused(store);
      for (const id of ids) {
        const from = join(store.folder, "runs", id);
        if (!existsSync(from)) continue;
        const to = join(store.folder, "runs", `${ASIDE}${id}`);
        renameSync(from, to);
        aside.push({ from, to });
      }
    });
  } catch (error) {
    for (const { from, to } of aside) renameSync(to, from);
    throw error;
  }
  const fileBytes = aside.reduce((sum, { to }) => sum + folderBytes(to), 0);
  for (const { to } of aside) rmSync(to, { recursive: true, force: true });
  dropCheckpoints(store, ids);
  store.db.pragma("incremental_vacuum");
  return { runs: ids.length, attempts, fileBytes, databaseBytes: before - databaseBytes(store) };
}

/** Returns how many attempts went. */
function deleteRows(store: Store, id: string): number {
  const attempts = store.prepare("SELECT count(*) FROM attempts WHERE run = ?").pluck().get(id) as number;
  store.prepare("DELETE FROM runs WHERE id = ?").run(id);
  return attempts;
}

function deleteUnused(store: Store): void {
  store.prepare("DELETE FROM experiments WHERE id NOT IN (SELECT experiment FROM experiment_cells)").run();
  store
    .prepare(
      "DELETE FROM environments WHERE id NOT IN (SELECT environment FROM attempts WHERE environment IS NOT NULL)",
    )
    .run();
  store.prepare("DELETE FROM bundles WHERE id NOT IN (SELECT bundle FROM attempts WHERE bundle IS NOT NULL)").run();
}

/** Folders that an interrupted removal set aside: back when their run is still there, else away. */
function recoverFolders(store: Store): void {
  const runs = join(store.folder, "runs");
  if (!existsSync(runs)) return;
  for (const name of readdirSync(runs).filter((entry) => entry.startsWith(ASIDE))) {
    const id = name.slice(ASIDE.length);
    const known = store.prepare("SELECT 1 FROM runs WHERE id = ?").get(id) !== undefined;
    if (known && !existsSync(join(runs, id))) renameSync(join(runs, name), join(runs, id));
    else rmSync(join(runs, name), { recursive: true, force: true });
  }
}

function refuseRunning(store: Store, ids: string[]): void {
  for (const id of ids) {
    const running = runningAttempts(store, id)[0];
    if (!running) continue;
    throw new UsageError(
      "RUN_RUNNING",
      `run ${id} is being trained by ${describeOwner(ownerOf(running))}; nothing was removed`,
      "stop it first (Ctrl-C in its terminal)",
    );
  }
}

function databaseBytes(store: Store): number {
  const pages = store.db.pragma("page_count", { simple: true }) as number;
  return pages * (store.db.pragma("page_size", { simple: true }) as number);
}

/** Bytes of all files under `folder`; links count as themselves. */
export function folderBytes(folder: string): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? folderBytes(path) : lstatSync(path).size);
  }, 0);
}
