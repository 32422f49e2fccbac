import { readdirSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findPython } from "../worker/python.js";
import { historicDatabase } from "./fixtures/historic.js";
import { claimAll, claimedStore, disposableFolder, sampleCell } from "./fixtures/sample.js";
import { migrate, schemaState } from "./migrate.js";
import { MIGRATIONS } from "./migrations.js";
import { getAttempts } from "./read.js";
import { openStore } from "./store.js";
import { reapLost, registerExperiment } from "./write.js";

const CELL = sampleCell("a".repeat(16));
const NEXT = [...MIGRATIONS, { name: "m999_colour", sql: "ALTER TABLE runs ADD COLUMN colour TEXT" }];
const BROKEN = [...MIGRATIONS, { name: "m999_broken", sql: "ALTER TABLE runs ADD COLUMN half TEXT; DELETE FROM runs" }];

let folder: string;
let path: string;
let remove: () => void;
beforeEach(() => {
  ({ folder, remove } = disposableFolder());
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

test("a migration that would leave dangling foreign keys changes nothing", () => {
  const db = new Database(path);
  expect(() => migrate(db, path, BROKEN)).toThrow(/nothing changed/);
  expect(columns(db)).not.toContain("half");
  expect(db.prepare("SELECT count(*) FROM runs").pluck().get()).toBe(1);
  expect(db.pragma("foreign_keys", { simple: true })).toBe(1);
  db.close();
});

test("a database of a newer program is refused, without a back-up or a change", () => {
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

test("runs that finished before m002 were chosen on the evaluation rows; whether they collapsed is unknown", () => {
  const old = new Database(join(folder, "old.db"));
  old.pragma("journal_mode = WAL"); // like every database of lor2c: its back-up is read under the write lock
  migrate(old, join(folder, "old.db"), MIGRATIONS.slice(0, 1));
  old.exec(`
    INSERT INTO runs (id, label, model, task, method, seed, settings, created_at)
    VALUES ('${CELL.id}', 'l', 'm', 't', 'x', 1, '{}', '');
    INSERT INTO attempts (run, number, outcome, started_at, runner_pid, runner_started, host, heartbeat_at, lease_until,
                          folder, score_name, best_score, best_epoch)
    VALUES ('${CELL.id}', 1, 'finished', '', 1, '', '', '', '', '', 'accuracy', 0.8, 2),
           ('${CELL.id}', 2, 'failed', '', 1, '', '', '', '', '', NULL, NULL, NULL)`);
  migrate(old, join(folder, "old.db"), MIGRATIONS.slice(0, 2));
  const rows = old
    .prepare(
      "SELECT chosen_on, chosen_score, eval_best_score, eval_best_epoch, collapsed FROM attempts ORDER BY number",
    )
    .raw()
    .all();
  expect(rows).toEqual([
    ["eval", 0.8, 0.8, 2, null],
    [null, null, null, null, null],
  ]);
  expect(old.prepare("SELECT optimism, report_epoch, fixed_score FROM v_runs").raw().all()).toEqual([
    [null, null, null],
  ]);
  old.close();
});

test("runs from before m008 count as numerics 1 in every view; a new attempt has those of its run", () => {
  const file = join(folder, "old.db");
  historicDatabase(file, 7).close();
  const store = openStore(file);
  const numericsOf = (view: string) => store.prepare(`SELECT DISTINCT numerics FROM ${view}`).pluck().all();
  for (const view of ["attempts", "v_runs", "v_best", "v_grid"]) expect(numericsOf(view), view).toEqual([1]);
  const fingerprint = { ...CELL.inspected.fingerprint, numerics: "2" };
  const cell = { ...CELL, id: "c".repeat(16), inspected: { ...CELL.inspected, fingerprint } };
  registerExperiment(store, { name: "second", specFile: null, specText: "", cells: [cell] });
  const planned = store.prepare("SELECT state, numerics FROM v_runs WHERE run = ?").raw();
  expect(planned.get(cell.id)).toEqual(["planned", 2]);
  claimAll(store, [cell]);
  expect(getAttempts(store, cell.id).map(({ numerics }) => numerics)).toEqual([2]);
  expect(planned.get(cell.id)).toEqual(["running", 2]);
  store.close();
});

/** Every row of every table, by table. */
function contents(db: Database.Database): Map<string, Record<string, unknown>[]> {
  const tables = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")
    .pluck()
    .all() as string[];
  return new Map(
    tables.map((table) => [table, db.prepare(`SELECT * FROM ${table}`).all() as Record<string, unknown>[]]),
  );
}

/** The old row in the newest schema, for migrations that do more than add an empty column. */
function expectedRow(table: string, row: Record<string, unknown>): Record<string, unknown> {
  if (table !== "attempts") return row;
  if (!("runner_pid" in row)) return { numerics: 1, ...row };
  const { host, runner_pid, runner_started, ...rest } = row;
  const chosen = row.outcome === "finished" && !("chosen_on" in row);
  return {
    ...rest,
    numerics: 1,
    owner_kind: "process",
    owner: JSON.stringify({ host, pid: runner_pid, started: runner_started }),
    ...(chosen && { chosen_on: "eval", chosen_score: row.best_score, eval_best_epoch: row.best_epoch }),
  };
}

// All schemas but the newest, from which nothing migrates.
const HISTORIC = MIGRATIONS.slice(0, -1).map(({ name }, index) => ({ name, count: index + 1 }));

test.each(HISTORIC)("every row of a database of $name is there after all migrations", ({ count }) => {
  const file = join(folder, "old.db");
  const db = historicDatabase(file, count);
  const before = contents(db);
  for (const [table, rows] of before)
    expect(rows.length, `fixtures/historic.ts has no row for ${table}`).toBeGreaterThan(0);
  const { backup } = migrate(db, file);
  const after = contents(db);
  for (const [table, rows] of before) {
    if (table === "migrations") continue;
    const found = after.get(table) ?? [];
    expect(found.length, table).toBe(rows.length);
    rows.forEach((row, index) => {
      expect(found[index], `${table} ${index}`).toMatchObject(expectedRow(table, row));
    });
  }
  expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
  expect(db.pragma("foreign_key_check")).toEqual([]);
  const views = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'view'").pluck().all() as string[];
  expect(views.length).toBeGreaterThan(4);
  // A database from before there were evaluations or tags has none.
  const younger: Record<string, string> = { v_evaluations: "evaluations", v_tags: "run_tags", v_alerts: "alerts" };
  const filled = views.filter((view) => before.has(younger[view] ?? "runs"));
  for (const view of filled) expect(db.prepare(`SELECT * FROM ${view}`).all().length, view).toBeGreaterThan(0);
  db.close();
  const copy = new Database(backup as string, { readonly: true });
  expect(contents(copy)).toEqual(before);
  copy.close();
});

test("a migrated database has the schema of a new one", () => {
  const schema = (db: Database.Database) =>
    db
      .prepare(
        "SELECT t.name, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk, c.hidden FROM sqlite_schema t, pragma_table_xinfo(t.name) c WHERE t.type IN ('table', 'view') ORDER BY t.name, c.cid",
      )
      .raw()
      .all();
  const fresh = new Database(path, { readonly: true });
  const expected = schema(fresh);
  fresh.close();
  for (const { name, count } of HISTORIC) {
    const file = join(folder, `${name}.db`);
    const db = historicDatabase(file, count);
    migrate(db, file);
    expect(schema(db)).toEqual(expected);
    db.close();
  }
});

test("an attempt from before m005 is owned by its process, and is lost when that is dead", () => {
  const file = join(folder, "old.db");
  historicDatabase(file, 4).close();
  const store = openStore(file);
  expect(getAttempts(store, "b".repeat(16)).map(({ owner_kind, owner }) => ({ owner_kind, owner }))).toEqual([
    { owner_kind: "process", owner: '{"host":"host","pid":4711,"started":"boot:1"}' },
  ]);
  expect(reapLost(store)).toBe(1); // its runner is on another machine, and its lease ended long ago
  expect(getAttempts(store, "b".repeat(16))[0]?.message).toBe("the runner (process 4711 on host) is gone");
  store.close();
});

test("an older SQLite, as Python has, reads every table and view, and writes a metric", async () => {
  const program = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")]
for name in names:
    db.execute(f'SELECT * FROM "{name}" LIMIT 1').fetchall()
values = "(1, 'eval', 'loss', 1, 1.0, 0.5)"
db.execute("INSERT INTO metrics (attempt, split, name, step, epoch, value) VALUES " + values)
db.execute("UPDATE metrics SET value = 0.25")
print(len(names), db.execute("SELECT lowest FROM metric_summaries").fetchone()[0])
`;
  const [python = "python3", ...first] = (await findPython()).command;
  const { stdout } = await execa(python, [...first, "-c", program, path]);
  expect(stdout).toMatch(/^\d\d 0\.25$/);
});
