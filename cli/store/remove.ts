import { existsSync, lstatSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../errors.js";
import { reapLost } from "./lease.js";
import type { Store } from "./store.js";

export interface Removal {
  runs: number;
  attempts: number;
  /** Bytes of the files that went away, and by which the database file shrank. */
  fileBytes: number;
  databaseBytes: number;
}

/**
 * Deletes runs with everything that belongs to them, rows and files. Refuses all of them when one is running.
 * Folders are set aside under another name before the rows go, so that an interruption never leaves rows without files.
 */
export function removeRuns(store: Store, ids: string[]): Removal {
  reapLost(store);
  const before = databaseBytes(store);
  const moved: { from: string; to: string }[] = [];
  let attempts = 0;
  try {
    store.write(() => {
      refuseRunning(store, ids);
      for (const id of ids) {
        attempts += store.prepare("SELECT count(*) FROM attempts WHERE run = ?").pluck().get(id) as number;
        const from = join(store.folder, "runs", id);
        if (existsSync(from)) {
          const to = join(store.folder, "runs", `.removing-${id}-${process.pid}`);
          renameSync(from, to);
          moved.push({ from, to });
        }
        store.prepare("DELETE FROM runs WHERE id = ?").run(id);
      }
      store.prepare("DELETE FROM experiments WHERE id NOT IN (SELECT experiment FROM experiment_cells)").run();
      store
        .prepare(
          "DELETE FROM environments WHERE id NOT IN (SELECT environment FROM attempts WHERE environment IS NOT NULL)",
        )
        .run();
    });
  } catch (error) {
    for (const { from, to } of moved) renameSync(to, from);
    throw error;
  }
  let fileBytes = 0;
  for (const { to } of moved) {
    fileBytes += folderBytes(to);
    rmSync(to, { recursive: true, force: true });
  }
  store.db.pragma("incremental_vacuum");
  return { runs: ids.length, attempts, fileBytes, databaseBytes: before - databaseBytes(store) };
}

function refuseRunning(store: Store, ids: string[]): void {
  const select = store.prepare("SELECT runner_pid, host FROM attempts WHERE run = ? AND outcome IS NULL");
  for (const id of ids) {
    const running = select.get(id) as { runner_pid: number; host: string } | undefined;
    if (!running) continue;
    throw new UsageError(
      "RUN_RUNNING",
      `run ${id} is being trained by process ${running.runner_pid} on ${running.host}; nothing was removed`,
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
