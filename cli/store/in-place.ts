/**
 * Whether an open database is still the file at its path. SQLite goes on working with a file that was deleted or
 * replaced, and what it stores from then on is lost when the handle is closed.
 */
import { mkdirSync, renameSync } from "node:fs";
import Database from "better-sqlite3";
import { Lor2cError } from "../errors.js";
import { discard, identityOf, statOf } from "../files.js";
import type { Store } from "./store.js";
import { storeError } from "./store-errors.js";

/** Errors that say nothing about the content: another program holds it, too many files are open, no memory is left. */
const UNKNOWN: ReadonlySet<unknown> = new Set(["DATABASE_BUSY", "DATABASE_CANNOT_OPEN", "NO_MEMORY"]);

/** Throws if the file was deleted or replaced, or separated from its log. The error says what was saved, and where. */
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

/** Copies what the open handle can read to a file beside the database. A second call replaces the first copy. */
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
 * Whether the log (-wal) is whole. A shorter log was either emptied by another SQLite, which first wrote it to the
 * database, or cut off; only a new connection without a cache can tell. The log's index (-shm) would tell too, but must
 * not be opened: closing it releases this process's SQLite locks.
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
    return UNKNOWN.has((storeError(error, path) as { code?: unknown }).code);
  } finally {
    reader?.close();
  }
}
