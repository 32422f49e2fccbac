import Database from "better-sqlite3";
import { Lor2cError } from "../errors.js";
import { discard } from "../files.js";
import { MIGRATIONS, type Migration } from "./migrations.js";

/** `LoR2` in the file's header: distinguishes our databases from other SQLite files. */
const APPLICATION_ID = 0x4c6f5232;

/** `gap`: a migration is missing between two that were applied, which lor2c never does. */
export type SchemaState = "empty" | "current" | "older" | "newer" | "foreign" | "gap";

/** Compares the file with the migrations of this program. Takes no write lock. */
export function schemaState(db: Database.Database, migrations: readonly Migration[] = MIGRATIONS): SchemaState {
  const objects = db.prepare("SELECT count(*) FROM sqlite_master").pluck().get() as number;
  if (objects === 0) return "empty";
  if (db.pragma("application_id", { simple: true }) !== APPLICATION_ID) return "foreign";
  const applied = appliedMigrations(db);
  const known = new Set(migrations.map((migration) => migration.name));
  if (applied.some((name) => !known.has(name))) return "newer";
  if (!applied.every((name, index) => name === migrations[index]?.name)) return "gap";
  return applied.length === migrations.length ? "current" : "older";
}

function appliedMigrations(db: Database.Database): string[] {
  const known = db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migrations'").get();
  if (known === undefined) return [];
  return db.prepare("SELECT name FROM migrations ORDER BY position").pluck().all() as string[];
}

/**
 * Brings the file to this program's schema. Safe when several processes start at once: the state is read again under
 * the write lock, so that only one of them migrates.
 * Copies an existing database beside itself first, and returns the path of the copy.
 */
export function migrate(db: Database.Database, path: string, migrations = MIGRATIONS): { backup: string | null } {
  const state = schemaState(db, migrations);
  if (state === "current") return { backup: null };
  refuse(state, db, path, migrations);
  // Rebuilding a table needs foreign keys off. SQLite ignores this pragma inside a transaction.
  db.pragma("foreign_keys = OFF");
  try {
    return db.transaction(() => applyPending(db, path, migrations)).exclusive();
  } finally {
    db.pragma("foreign_keys = ON");
  }
}

export function refuse(state: SchemaState, db: Database.Database, path: string, migrations = MIGRATIONS): void {
  if (state === "foreign") {
    throw new Lor2cError(
      "DATABASE_FOREIGN",
      `${path} is a SQLite file of another program`,
      "name another file with --db or LOR2C_DB",
      2,
    );
  }
  if (state === "gap") {
    throw new Lor2cError(
      "DATABASE_GAP",
      `${path} has the changes ${appliedMigrations(db).join(", ")}, of ${migrations.map(({ name }) => name).join(", ")}: some between them are missing`,
      `lor2c never leaves a database like that; look for a back-up beside it (${path}.backup-*), or name another file with --db`,
      2,
    );
  }
  if (state === "newer") {
    const known = new Set(migrations.map((migration) => migration.name));
    const unknown = appliedMigrations(db).filter((name) => !known.has(name));
    throw new Lor2cError(
      "DATABASE_NEWER",
      `${path} was written by a newer lor2c (it has ${unknown.join(", ")}, which this one does not know)`,
      "update lor2c, or name another file with --db",
      2,
    );
  }
}

function applyPending(
  db: Database.Database,
  path: string,
  migrations: readonly Migration[],
): { backup: string | null } {
  const state = schemaState(db, migrations);
  if (state === "current") return { backup: null };
  refuse(state, db, path, migrations);
  const backup = state === "older" && path !== ":memory:" ? backUp(db, path) : null;
  if (state === "empty") {
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.exec(
      "CREATE TABLE migrations (position INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, applied_at TEXT NOT NULL) STRICT",
    );
  }
  try {
    apply(db, path, migrations);
  } catch (error) {
    if (backup !== null) discard(backup); // nothing changed, so nobody needs the back-up
    throw error;
  }
  return { backup };
}

function apply(db: Database.Database, path: string, migrations: readonly Migration[]): void {
  const applied = new Set(appliedMigrations(db));
  const record = db.prepare("INSERT INTO migrations (name, applied_at) VALUES (?, ?)");
  for (const { name, sql } of migrations) {
    if (applied.has(name)) continue;
    try {
      db.exec(sql);
    } catch (error) {
      if ((error as { code?: string }).code !== "SQLITE_ERROR") throw error;
      throw new Lor2cError(
        "MIGRATION_FAILED",
        `${path} cannot be changed as ${name} says: ${(error as Error).message}; nothing changed`,
        "something else changed its tables: look for a back-up beside it, or name another file with --db",
        1,
        { cause: error },
      );
    }
    record.run(name, new Date().toISOString());
  }
  const broken = db.pragma("foreign_key_check") as unknown[];
  if (broken.length > 0) {
    throw new Lor2cError(
      "MIGRATION_FAILED",
      `${broken.length} rows of ${path} would point at nothing; nothing changed`,
    );
  }
}

/**
 * A second connection reads the last committed state while the caller holds the write lock, so the copy is consistent.
 */
function backUp(db: Database.Database, path: string): string {
  const last = appliedMigrations(db).at(-1);
  const stamp = new Date().toISOString().replace(/[-:]/g, "").replace(/\.\d+/, "");
  const target = `${path}.backup-${last}-${stamp}`;
  const reader = new Database(path, { readonly: true, fileMustExist: true });
  try {
    reader.prepare("VACUUM INTO ?").run(target);
  } finally {
    reader.close();
  }
  return target;
}
