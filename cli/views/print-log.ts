import { createReadStream } from "node:fs";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { RUN_LOG, WORKER_LOG } from "../attempt-files.js";
import { UsageError } from "../errors.js";
import { statOf } from "../files.js";
import { hasLost } from "../store/lease.js";
import { findRun, getAttempt, getAttempts } from "../store/read.js";
import { openReader } from "../store/reader.js";
import type { Store } from "../store/store.js";

export interface PrintLogOptions {
  dbPath: string;
  selector: string;
  follow: boolean;
  /** The worker's stderr instead of the runner's log. */
  worker: boolean;
  out: Writable;
}

/** Milliseconds between two looks at a file that is followed. */
const POLL = 300;

/** Copies the log of a run's newest attempt; with `follow` goes on until the attempt is over. */
export async function printLog({ dbPath, selector, follow, worker, out }: PrintLogOptions): Promise<void> {
  const store = openReader(dbPath);
  try {
    const run = findRun(store, selector);
    const attempt = getAttempts(store, run.id).at(-1);
    if (!attempt) throw new UsageError("NOT_STARTED", `run ${run.id} (${run.label}) has not been started`);
    const file = join(attempt.folder, worker ? WORKER_LOG : RUN_LOG);
    const following = follow && attempt.outcome === null;
    if (!following && !statOf(file)) throw new UsageError("LOG_MISSING", `${file} does not exist`);
    let position = await copyFrom(file, 0, out);
    if (!following) return;
    while (!out.destroyed) {
      const over = isOver(store, attempt.id); // before the last look at the file: nothing is added after the end
      position = await copyFrom(file, position, out);
      if (over) return;
      await sleep(POLL);
    }
  } finally {
    store.close();
  }
}

/** Copies what is behind `position` and returns where the file ended. */
async function copyFrom(file: string, position: number, out: Writable): Promise<number> {
  const size = statOf(file)?.size ?? 0;
  if (size <= position) return position;
  try {
    await pipeline(createReadStream(file, { start: position, end: size - 1 }), out, { end: false });
  } catch (error) {
    if (!out.destroyed) throw error; // else the reader has gone: `| head`
  }
  return size;
}

/** Its runner may have died without a word: whoever opens the database for reading next notes that. */
function isOver(store: Store, attempt: number): boolean {
  if (hasLost(store)) openReader(store.path).close();
  return getAttempt(store, attempt)?.outcome !== null;
}
