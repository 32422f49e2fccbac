/** Databases that another program made or changed, and files that are not databases: each gives a clear error. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { beforeEach, describe, expect, test } from "vitest";
import { startProgram } from "../fixtures/start-program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { claimAll, sampleCell, sampleEvents as say } from "../store/fixtures/sample.js";
import { openStore } from "../store/store.js";
import { ingest, registerExperiment } from "../store/write.js";

const CELL = sampleCell("a".repeat(16));

let folder: string;
let path: string;
beforeEach(() => {
  folder = tempFolder();
  mkdirSync(join(folder, "theirs"));
  path = join(folder, "theirs", "lor2c.db");
  const store = openStore(path);
  registerExperiment(store, { name: "x", specFile: null, specText: "", cells: [CELL] });
  const adapter = join(store.results.ofRun(CELL.id), "attempt-1", "adapter");
  const events = [say.started([CELL.id], 1), say.artifact([CELL.id], 2, adapter), say.finished([CELL.id], 3)];
  ingest(store, claimAll(store, [CELL]), events, null);
  mkdirSync(adapter);
  store.close();
});

function change(sql: string): void {
  const db = new Database(path);
  db.pragma("foreign_keys = OFF");
  db.exec(sql);
  db.close();
}

/** Returns the exit code and the error, which must not be called a defect of lor2c. */
async function lor2c(...args: string[]): Promise<{ code: number | null; err: string; out: string }> {
  const started = startProgram([...args, ...(args.includes("--db") ? [] : ["--db", path])]);
  const code = await started.closed;
  expect(started.err()).not.toMatch(/defect|^ +at /m);
  return { code, err: started.err(), out: started.out() };
}

describe("paths in a database are not trusted", () => {
  test("rm of a run whose id is a path deletes nothing", async () => {
    const victim = join(folder, "victim");
    mkdirSync(victim);
    writeFileSync(join(victim, "thesis"), "x");
    for (const table of ["experiment_cells", "attempts"]) change(`UPDATE ${table} SET run = '../../victim'`);
    change("UPDATE runs SET id = '../../victim'");
    const { code, err } = await lor2c("rm", "@last", "--yes");
    expect([code, err]).toEqual([2, expect.stringContaining('a run "../../victim", which is not an id of a run')]);
    expect(existsSync(join(victim, "thesis"))).toBe(true);
  });

  test("logs prints no file of another folder", async () => {
    mkdirSync(join(folder, "secret"));
    writeFileSync(join(folder, "secret", "run.log"), "a secret\n");
    for (const place of ["../secret", join(folder, "secret")]) {
      change(`UPDATE attempts SET folder = '${place}'`);
      const { code, err, out } = await lor2c("logs", CELL.id);
      expect([code, err]).toEqual([2, expect.stringMatching(/names .*secret, which is not in .*runs/)]);
      expect(out).toBe("");
    }
    change("UPDATE attempts SET folder = 'runs/' || char(0)");
    expect(await lor2c("logs", CELL.id)).toMatchObject({ code: 2, err: expect.stringContaining("which is not in") });
  });

  test("logs follows no link to another folder", async () => {
    const attempt = join(folder, "theirs", "runs", CELL.id, "attempt-1");
    execFileSync("ln", ["-s", "/etc/hostname", join(attempt, "run.log")]);
    expect(await lor2c("logs", CELL.id)).toMatchObject({ code: 2, out: "" });
  });

  test("predict loads no adapter of another folder", async () => {
    mkdirSync(join(folder, "adapter"));
    change(`UPDATE artifacts SET path = '../adapter'`);
    const { code, err } = await lor2c("predict", CELL.id, "--text", "x");
    expect([code, err]).toEqual([2, expect.stringMatching(/names .*adapter, which is not in .*runs/)]);
  });
});

describe("a database that something else changed", () => {
  test("a view is gone", async () => {
    change("DROP VIEW v_runs");
    const { code, err } = await lor2c("ls");
    expect([code, err]).toEqual([1, expect.stringContaining("does not have the tables of lor2c any more")]);
  });

  test("a migration is missing between others: no attempt changes anything or leaves a back-up", async () => {
    change("DELETE FROM migrations WHERE name = 'm002_scores'");
    for (const command of [["migrate"], ["ls"], ["rm", CELL.id, "--yes"], ["migrate"]]) {
      const { code, err } = await lor2c(...command);
      expect([code, err]).toEqual([2, expect.stringContaining("some between them are missing")]);
    }
    expect(readdirSync(join(folder, "theirs")).filter((name) => name.includes("backup"))).toEqual([]);
  });

  test("a migration that fails gives an error, and leaves no back-up", async () => {
    // m009 makes a table, which is there already.
    change("DELETE FROM migrations WHERE position >= (SELECT position FROM migrations WHERE name LIKE 'm009%')");
    for (let turn = 0; turn < 2; turn++) {
      const { code, err } = await lor2c("migrate");
      expect([code, err]).toEqual([
        1,
        expect.stringMatching(/cannot be changed as m\d+_\w+ says: .*; nothing changed/),
      ]);
    }
    expect(readdirSync(join(folder, "theirs")).filter((name) => name.includes("backup"))).toEqual([]);
  });
});

describe("files that are not databases", () => {
  test.each(["/dev/null", "pipe", ".", "/proc/version", "/proc/self/mem"])("%s", async (place) => {
    execFileSync("mkfifo", [join(folder, "pipe")]);
    if (place.startsWith("/proc") && !existsSync(place)) return;
    const db = place.startsWith("/") ? place : join(folder, place);
    for (const command of [["ls"], ["query", "SELECT 1"], ["migrate"], ["rm", CELL.id, "--yes"]]) {
      const { code, err } = await lor2c(...command, "--db", db);
      expect([1, 2]).toContain(code);
      expect(err).toContain(db);
    }
  });
});

test("a parameter in a query is a clear error", async () => {
  for (const sql of ["SELECT ?", "SELECT :name", "SELECT * FROM runs WHERE id = $id"]) {
    const { code, err } = await lor2c("query", sql);
    expect([code, err]).toEqual([2, expect.stringContaining("has no value here")]);
  }
});
