import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Lor2cError } from "../errors.js";
import { disposableFolder } from "./fixtures/sample.js";
import { MIGRATIONS } from "./migrations.js";
import { openStore, resolveDbPath } from "./store.js";

let folder: string;
let remove: () => void;
beforeEach(() => {
  ({ folder, remove } = disposableFolder());
});
afterEach(() => remove());

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return `${(error as Lor2cError).code} ${(error as Lor2cError).exitCode}`;
  }
  return "no error";
}

test("a new database has its folder, WAL, foreign keys, and strict tables", () => {
  const path = join(folder, "results", "lor2c.db");
  const store = openStore(path);
  expect(store.path).toBe(path);
  expect(store.db.pragma("journal_mode", { simple: true })).toBe("wal");
  expect(store.db.pragma("foreign_keys", { simple: true })).toBe(1);
  expect(store.db.pragma("auto_vacuum", { simple: true })).toBe(2);
  expect(store.db.pragma("busy_timeout", { simple: true })).toBe(30_000);
  const loose = store.db
    .prepare("SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite%'")
    .all();
  expect(loose).toEqual([]);
  store.close();
});

test("opening again changes nothing", () => {
  const path = join(folder, "lor2c.db");
  openStore(path).close();
  const again = openStore(path);
  expect(again.db.prepare("SELECT name FROM migrations").pluck().all()).toEqual(MIGRATIONS.map(({ name }) => name));
  again.close();
  expect(readdirSync(folder)).toEqual(["lor2c.db"]);
});

test("the file is that of the flag, then LOR2C_DB, then results/lor2c.db", () => {
  const before = process.env.LOR2C_DB;
  try {
    delete process.env.LOR2C_DB;
    expect(resolveDbPath()).toBe(resolve("results/lor2c.db"));
    process.env.LOR2C_DB = "/elsewhere/a.db";
    expect(resolveDbPath()).toBe("/elsewhere/a.db");
    expect(resolveDbPath("b.db")).toBe(resolve("b.db"));
  } finally {
    if (before === undefined) delete process.env.LOR2C_DB;
    else process.env.LOR2C_DB = before;
  }
});

test("each path that cannot be a database of lor2c has an error code of its own", () => {
  const text = join(folder, "notes.txt");
  writeFileSync(text, "this is not a database at all, but it is longer than a header\n".repeat(40));
  const foreign = join(folder, "foreign.db");
  new Database(foreign).exec("CREATE TABLE holidays (day TEXT)").close();
  mkdirSync(join(folder, "sub"));
  expect(codeOf(() => openStore(text))).toBe("NOT_A_DATABASE 2");
  expect(codeOf(() => openStore(text, { readonly: true }))).toBe("NOT_A_DATABASE 2");
  expect(codeOf(() => openStore(foreign))).toBe("DATABASE_FOREIGN 2");
  expect(codeOf(() => openStore(foreign, { readonly: true }))).toBe("DATABASE_FOREIGN 2");
  expect(codeOf(() => openStore(join(folder, "sub")))).toBe("NOT_A_DATABASE 2");
  expect(codeOf(() => openStore(join(folder, "a", "b", "c.db")))).toBe("FOLDER_MISSING 2");
  // here a recursive mkdir would never return
  if (existsSync("/proc/self")) expect(codeOf(() => openStore("/proc/lor2c/c.db"))).toBe("FOLDER_NOT_MADE 2");
  // the refused file must not change
  expect(new Database(foreign).pragma("journal_mode", { simple: true })).toBe("delete");
});

test("a read-only store makes no file, refuses an empty one, and cannot write", () => {
  const path = join(folder, "lor2c.db");
  expect(codeOf(() => openStore(path, { readonly: true }))).toBe("DATABASE_MISSING 2");
  expect(existsSync(path)).toBe(false);
  writeFileSync(path, "");
  expect(codeOf(() => openStore(path, { readonly: true }))).toBe("NOT_A_DATABASE 2");
  openStore(path).close();
  const reader = openStore(path, { readonly: true });
  expect(codeOf(() => reader.write(() => reader.db.exec("DELETE FROM runs")))).toBe("DATABASE_READONLY 1");
  reader.close();
});

test("a read-only store works beside a writer that holds the lock, and reads what is committed", () => {
  const path = join(folder, "lor2c.db");
  const writer = openStore(path);
  const insert =
    "INSERT INTO experiments (identity, name, spec_text, created_at, last_run_at) VALUES (?, 'x', '', '', '')";
  writer.db.prepare(insert).run("1");
  writer.db.exec("BEGIN IMMEDIATE");
  writer.db.prepare(insert).run("2");
  const reader = openStore(path, { readonly: true });
  expect(reader.db.prepare("SELECT count(*) FROM experiments").pluck().get()).toBe(1);
  writer.db.exec("COMMIT");
  expect(reader.db.prepare("SELECT count(*) FROM experiments").pluck().get()).toBe(2);
  reader.close();
  writer.close();
});

test("paths of runs are stored relative to the database's folder, however they are written", () => {
  const store = openStore(join(folder, "lor2c.db"));
  const { results } = store;
  const attempt = join(folder, "runs", "a".repeat(16), "attempt-1");
  mkdirSync(attempt, { recursive: true });
  symlinkSync(folder, join(folder, "link"));
  const stored = `runs/${"a".repeat(16)}/attempt-1`;
  for (const path of [attempt, join(folder, "link", stored)]) expect(results.toStored(path)).toBe(stored);
  expect(results.toStored(join(attempt, "not", "yet"))).toBe(`${stored}/not/yet`);
  expect(results.fromStored(stored)).toBe(attempt);
  expect(results.fromStored(attempt)).toBe(attempt); // as older programs wrote it where a link led to the folder
  expect(results.ofRun("a".repeat(16))).toBe(join(folder, "runs", "a".repeat(16)));
  store.close();
});

test("runs/ may be a link to another disk", () => {
  const elsewhere = join(folder, "large-disk");
  mkdirSync(join(folder, "home"));
  mkdirSync(join(elsewhere, "a".repeat(16)), { recursive: true });
  symlinkSync(elsewhere, join(folder, "home", "runs"));
  const store = openStore(join(folder, "home", "lor2c.db"));
  expect(store.results.fromStored(`runs/${"a".repeat(16)}`)).toBe(join(folder, "home", "runs", "a".repeat(16)));
  expect(store.results.toStored(join(elsewhere, "a".repeat(16)))).toBe(`runs/${"a".repeat(16)}`);
  store.close();
});

test("stored paths stay inside runs/, and an id is 16 hexadecimal digits", () => {
  const store = openStore(join(folder, "lor2c.db"));
  mkdirSync(join(folder, "runs", "a".repeat(16)), { recursive: true });
  symlinkSync("/etc", join(folder, "runs", "a".repeat(16), "link"));
  symlinkSync("../../../x", join(folder, "runs", "a".repeat(16), "up"));
  mkdirSync(join(folder, "runs-of-others"));
  const inside = `runs/${"a".repeat(16)}`;
  for (const path of [
    "../x",
    "/etc",
    "runs/../../x",
    "lor2c.db",
    "runs-of-others",
    "runs",
    "",
    `${inside}/link`,
    `${inside}/link/passwd`,
    `${inside}/up`,
  ]) {
    expect(() => store.results.fromStored(path), path).toThrow(/is not in .*runs$/);
  }
  for (const path of ["/somewhere/else", join(folder, "x"), folder]) {
    expect(() => store.results.toStored(path), path).toThrow(/is not in .*runs$/);
  }
  for (const id of ["../../victim3", "..", "", "A".repeat(16), "a".repeat(15), "a".repeat(17), `${"a".repeat(16)}\n`]) {
    expect(
      codeOf(() => store.results.ofRun(id)),
      id,
    ).toBe("RUN_ID_INVALID 2");
  }
  store.close();
});
