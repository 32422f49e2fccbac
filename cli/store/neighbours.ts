/**
 * Other databases in the folder of one: they share its `runs/`, so a run that is in two of them has one folder, and
 * checkpoints belong to the runs of all.
 */
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { entriesOf, identityOf, statOf } from "../files.js";
import type { Store } from "./store.js";
import { storeError } from "./store-errors.js";

/** Copies that lor2c made itself, and files beside a database, are none. */
const COPY = /\.(backup|rescued)-|-(wal|shm|journal)$|\.tmp$/;
const APPLICATION_ID = 0x4c6f5232;

/** Those of `runs` that another database in this folder has too, each with the path of that database. */
export function sharedFolders(store: Store, runs: readonly string[]): Map<string, string> {
  return lookAround(store, runs, "SELECT id FROM runs WHERE id IN (SELECT value FROM json_each(?))");
}

/** Those of `runs` that another database in this folder has not finished, or trains again: they need their checkpoints. */
export function unfinishedElsewhere(store: Store, runs: readonly string[]): Set<string> {
  const sql = `SELECT id FROM runs r WHERE id IN (SELECT value FROM json_each(?)) AND (
    NOT EXISTS (SELECT 1 FROM attempts WHERE run = r.id AND outcome = 'finished')
    OR EXISTS (SELECT 1 FROM attempts WHERE run = r.id AND outcome IS NULL))`;
  return new Set(lookAround(store, runs, sql).keys());
}

/**
 * Those of these ids of runs and keys of evaluations that another database in this folder has, or the trash of any, copies
 * of databases included: a restore that was killed has moved the folder of a run whose rows are in the trash. Null if one
 * of them cannot be read, so that nobody knows.
 */
export function knownElsewhere(store: Store, ids: readonly string[]): Set<string> | null {
  const list = JSON.stringify(ids);
  const found = new Set<string>();
  for (const path of [...databases(store, /-(wal|shm|journal)$/), ...trashes(store)]) {
    try {
      const db = new Database(path, { readonly: true, fileMustExist: true });
      try {
        for (const table of ["runs.id", "evaluations.key"]) {
          const [name, column] = table.split(".");
          const exists = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(name);
          if (exists === undefined && name !== "runs") continue; // older than evaluations
          const sql = `SELECT ${column} FROM ${name} WHERE ${column} IN (SELECT value FROM json_each(?))`;
          for (const id of db.prepare(sql).pluck().all(list) as string[]) found.add(id);
        }
      } finally {
        db.close();
      }
    } catch {
      return null;
    }
  }
  return found;
}

function lookAround(store: Store, runs: readonly string[], sql: string): Map<string, string> {
  const found = new Map<string, string>();
  if (runs.length === 0) return found;
  for (const path of databases(store, COPY)) {
    for (const id of ask(path, sql, runs)) found.set(id, path);
  }
  return found;
}

/** Throws Lor2cError if the database can't be asked now; one that is broken has no runs. */
function ask(path: string, sql: string, runs: readonly string[]): string[] {
  try {
    const db = new Database(path, { readonly: true, fileMustExist: true });
    try {
      return db.prepare(sql).pluck().all(JSON.stringify(runs)) as string[];
    } finally {
      db.close();
    }
  } catch (error) {
    if (/^SQLITE_(NOTADB|CORRUPT|ERROR)/.test((error as { code?: string }).code ?? "")) return [];
    throw storeError(error, path);
  }
}

/** The other databases of lor2c, without files whose names look like this. */
function databases(store: Store, except: RegExp): string[] {
  return readdirSync(store.folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !except.test(entry.name))
    .map(({ name }) => join(store.folder, name))
    .filter((path) => isLor2c(path) && identityOf(path) !== store.identity);
}

/** The trash of every database in this folder, of this one too. */
function trashes(store: Store): string[] {
  const root = join(store.folder, "runs", ".trash");
  return entriesOf(root)
    .map((name) => join(root, name, "lor2c.db"))
    .filter((path) => (statOf(path)?.size ?? 0) > 0);
}

/**
 * From the header, so that no other file is opened as a database. That of a new database is in its log (-wal) for a while,
 * often until its first job ends.
 */
function isLor2c(path: string): boolean {
  const header = Buffer.alloc(72);
  try {
    const descriptor = openSync(path, "r");
    try {
      readSync(descriptor, header, 0, 72, 0);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false; // not readable: not a database that lor2c can use either
  }
  if (header.toString("latin1", 0, 15) !== "SQLite format 3") return false;
  const id = header.readUInt32BE(68);
  return id === APPLICATION_ID || (id === 0 && (statOf(`${path}-wal`)?.size ?? 0) > 0 && saysLor2c(path));
}

/** As its log has it. One that cannot be asked counts as one, so that whoever reads it tells. */
function saysLor2c(path: string): boolean {
  try {
    const db = new Database(path, { readonly: true, fileMustExist: true });
    try {
      return db.pragma("application_id", { simple: true }) === APPLICATION_ID;
    } finally {
      db.close();
    }
  } catch {
    return true;
  }
}
