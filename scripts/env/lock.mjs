import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { processStart } from "./process-start.mjs";
import { Interrupted } from "./setup-error.mjs";

/** The holder of a lock touches it this often ... */
const BEAT_MS = 5_000;
/** ... and counts as dead after so long without it, if it is on another machine, where its process can't be checked. */
const SILENCE_MS = 60_000;

/**
 * Waits until no other process has this lock file, then runs `work`. Takes over a lock whose holder has ended.
 * @template T
 * @param {string} file
 * @param {{ waiting: (holder: string) => void, signal?: AbortSignal }} options
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, { waiting, signal }, work) {
  mkdirSync(dirname(file), { recursive: true });
  const own = JSON.stringify({ pid: process.pid, host: hostname(), started: processStart(process.pid) });
  for (let tries = 0; !take(file, own); tries++) {
    if (signal?.aborted) throw new Interrupted();
    if (removeStale(file)) continue;
    if (tries === 0) waiting(describe(file));
    await sleep(200);
  }
  const beat = setInterval(() => touch(file), BEAT_MS);
  beat.unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    if (contents(file) === own) unlinkSync(file);
  }
}

/** A link appears with its content, so that no process reads a half-written lock. @param {string} file @param {string} own */
function take(file, own) {
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, own);
  try {
    linkSync(temporary, file);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "EEXIST") return false;
    throw error;
  } finally {
    unlinkSync(temporary);
  }
}

/** Whether a dead holder's lock was removed. @param {string} file */
function removeStale(file) {
  const text = contents(file);
  if (text === undefined) return true; // released just now
  if (isAlive(file, text)) return false;
  // Two processes may find the same dead holder. After the rename only one of them has the file that it judged.
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return true;
  }
  if (contents(aside) !== text) {
    try {
      linkSync(aside, file); // a process took the lock in between: put it back
    } catch {}
  }
  unlinkSync(aside);
  return true;
}

/** @param {string} file @param {string} text */
function isAlive(file, text) {
  const holder = parse(text);
  if (holder.host !== hostname()) return Date.now() - modified(file) < SILENCE_MS;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ESRCH") return false;
  }
  // Another process may have this number by now.
  const started = processStart(holder.pid);
  return started === null || holder.started === null || started === holder.started;
}

/** @param {string} text @returns {{ pid: number, host: string, started: string | null }} */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { pid: 0, host: "", started: null };
  }
}

/** @param {string} file */
function describe(file) {
  const { pid, host } = parse(contents(file) ?? "");
  return host === hostname() ? `process ${pid}` : `process ${pid} on ${host}`;
}

/** @param {string} file */
function contents(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** @param {string} file */
function modified(file) {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}

/** @param {string} file */
function touch(file) {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {}
}
