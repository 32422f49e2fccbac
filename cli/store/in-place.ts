/**
 * Whether an open database still is the file of its name. SQLite works on with a file that was deleted or replaced, and
 * everything that it stores then is gone with the handle.
 */
import { mkdirSync, renameSync } from "node:fs";
import Database from "better-sqlite3";
import { Lor2cError } from "../errors.js";
import { discard, identityOf, statOf } from "../files.js";
import type { Store } from "./store.js";
import { storeError } from "./store-errors.js";

/** What says that content is missing. All other errors say nothing about it, e.g. that too many files are open. */
const DAMAGE: ReadonlySet<unknown> = new Set(["DATABASE_CORRUPT", "DATABASE_CHANGED", "NOT_A_DATABASE"]);

/** Throws when the file was deleted or replaced, or lost what is in its log: with what could be saved, and where. */
export function checkInPlace(store: Store): void {
  const harm = harmOf(store);
  if (harm === null) return;
  throw new Lor2cError(
    "DATABASE_REPLACED",
    `${store.path} was ${harm} while this job ran: ${saved(store)}`,
    "whatever did that must leave the file alone while lor2c works on it",
  );
}

function harmOf(store: Store): string | null {
  if (!statOf(store.path)) return "deleted";
  if (identityOf(store.path) !== store.identity) return "replaced by another file";
  return hasWholeLog(store) ? null : "separated from its log (-wal)";
}

/** Writes what the open handle holds beside the file. A second call replaces the file of the first one. */
function saved(store: Store): string {
  const stamp = new Date().toISOString().replace(/[-:]/g, "").replace(/\.\d+/, "");
  store.rescued ??= `${store.path}.rescued-${stamp}`;
  const temporary = `${store.rescued}.tmp`;
  try {
    mkdirSync(store.folder, { recursive: true });
    discard(temporary);
    store.db.prepare("VACUUM INTO ?").run(temporary);
    renameSync(temporary, store.rescued);
    return `everything that it had stored is in ${store.rescued}`;
  } catch (error) {
    discard(temporary);
    return statOf(store.rescued)
      ? `what it had stored before is in ${store.rescued}`
      : `what it had stored could not be saved (${(error as Error).message})`;
  }
}

/**
 * A log that became shorter was emptied by another SQLite, when its content is in the file, or cut off. Only a connection
 * without a cache sees the difference. The log's index (-shm) would tell at once, but must not be opened: closing it
 * again takes SQLite's locks from this process.
 */
function hasWholeLog(store: Store): boolean {
  const size = statOf(`${store.path}-wal`)?.size ?? 0;
  const shrank = size < store.logBytes;
  store.logBytes = size;
  return !shrank || isReadable(store.path);
}

function isReadable(path: string): boolean {
  let reader: Database.Database | undefined;
  try {
    reader = new Database(path, { readonly: true, fileMustExist: true });
    for (const table of ["migrations", "runs", "attempts"]) reader.prepare(`SELECT count(*) FROM ${table}`).get();
    return true;
  } catch (error) {
    return !DAMAGE.has((storeError(error, path) as { code?: unknown }).code);
  } finally {
    reader?.close();
  }
}
