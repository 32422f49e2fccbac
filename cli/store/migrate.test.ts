import { readdirSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { claimedStore, sampleCell, tempFolder } from "./fixtures/sample.js";
import { migrate, schemaState } from "./migrate.js";
import { MIGRATIONS } from "./migrations.js";
import { openStore } from "./store.js";

const CELL = sampleCell("a".repeat(16));
const NEXT = [...MIGRATIONS, { name: "m999_colour", sql: "ALTER TABLE runs ADD COLUMN colour TEXT" }];
const BROKEN = [...MIGRATIONS, { name: "m999_broken", sql: "ALTER TABLE runs ADD COLUMN half TEXT; DELETE FROM runs" }];

let folder: string;
let path: string;
let remove: () => void;
beforeEach(() => {
  ({ folder, remove } = tempFolder());
  path = join(folder, "lor2c.db");
  claimedStore(folder, [CELL]).store.close();
});
afterEach(() => remove());

function columns(db: Database.Database): string[] {
  return db.prepare("SELECT name FROM pragma_table_info('runs')").pluck().all() as string[];
}

test("an existing database is copied before it is migrated", () => {
  const db = new Database(path);
  expect(schemaState(db, NEXT)).toBe("older");
  const { backup } = migrate(db, path, NEXT);
  expect(backup).toMatch(new RegExp(`lor2c\\.db\\.backup-${MIGRATIONS.at(-1)?.name}-\\d{8}T\\d{6}Z$`));
  expect(columns(db)).toContain("colour");
  const copy = new Database(backup as string, { readonly: true });
  expect(columns(copy)).not.toContain("colour");
  expect(copy.prepare("SELECT id FROM runs").pluck().all()).toEqual([CELL.id]);
  expect(copy.prepare("SELECT count(*) FROM attempts").pluck().get()).toBe(1);
  copy.close();
  expect(migrate(db, path, NEXT)).toEqual({ backup: null });
  db.close();
});

test("a migration that would leave rows pointing at nothing changes nothing", () => {
  const db = new Database(path);
  expect(() => migrate(db, path, BROKEN)).toThrow(/nothing changed/);
  expect(columns(db)).not.toContain("half");
  expect(db.prepare("SELECT count(*) FROM runs").pluck().get()).toBe(1);
  expect(db.pragma("foreign_keys", { simple: true })).toBe(1);
  db.close();
});

test("a database of a newer program is refused, and not backed up or touched", () => {
  const db = new Database(path);
  migrate(db, path, NEXT);
  db.close();
  const before = readdirSync(folder).filter((name) => !/-(wal|shm)$/.test(name));
  for (const readonly of [true, false]) {
    expect(() => openStore(path, { readonly })).toThrow(/newer lor2c \(it has m999_colour/);
  }
  expect(readdirSync(folder).filter((name) => !/-(wal|shm)$/.test(name))).toEqual(before);
});

test("a database of an older program can be read with plain SQL, and its views after an upgrade", () => {
  const db = new Database(path);
  db.exec("DELETE FROM migrations; INSERT INTO migrations (name, applied_at) SELECT 'm001_initial', '' WHERE 0");
  db.close();
  expect(() => openStore(path, { readonly: true })).toThrow(/older lor2c/);
  const reader = openStore(path, { readonly: true, anySchema: true });
  expect(reader.db.prepare("SELECT id FROM runs").pluck().all()).toEqual([CELL.id]);
  reader.close();
});

test("names are unique and in order", () => {
  const names = MIGRATIONS.map((migration) => migration.name);
  expect(names).toEqual([...new Set(names)].sort());
  for (const name of names) expect(name).toMatch(/^m\d{3}_[a-z_]+$/);
});
