/** Runs ls, show, query, rm and migrate like a user: real processes on a real database. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import Database from "better-sqlite3";
import { parquetReadObjects } from "hyparquet";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CONTROLS, HOSTILE } from "../fixtures/hostile.js";
import { startProgram } from "../fixtures/start-program.js";
import { claimAll, disposableFolder, sampleCell, sampleEvents as say } from "../store/fixtures/sample.js";
import { openStore } from "../store/store.js";
import { ingest, registerExperiment } from "../store/write.js";

const DONE = sampleCell("aaaa".padEnd(16, "0"), { label: "seed=17" });
const GONE = sampleCell("bbbb".padEnd(16, "0"), { label: "seed=18", seed: 18, task: "other-task" });

let temp: { folder: string; remove: () => void };
let path: string;
beforeEach(() => {
  temp = disposableFolder();
  path = join(temp.folder, "lor2c.db");
  const store = openStore(path);
  registerExperiment(store, { name: "x", specFile: null, specText: "", cells: [DONE, GONE] });
  const attempts = claimAll(store, [DONE, GONE]);
  const losses = Array.from({ length: 20 }, (_, i) => say.metrics([DONE.id], i + 2, i * 10, { loss: 1 / (i + 1) }));
  const evaluated = say.metrics([DONE.id], 25, 94, { accuracy: 0.75, loss: 0.5 }, "eval");
  ingest(
    store,
    attempts,
    [say.ready(), say.started([DONE.id]), ...losses, evaluated, say.finished([DONE.id], 30)],
    null,
  );
  // its runner was killed, and no command has marked the run lost yet
  store.db
    .prepare("UPDATE attempts SET owner = json_set(owner, '$.started', 'another time') WHERE run = ?")
    .run(GONE.id);
  store.close();
});
afterEach(() => temp.remove());

interface Result {
  out: string;
  err: string;
  code: number | null;
}

/** Runs `lor2c ...args` on the database, without a terminal. `head` closes its output after the first bytes. */
async function lor2c(args: string[], options: { head?: boolean; db?: string } = {}): Promise<Result> {
  const { child, out, err, closed } = startProgram([...args, "--db", options.db ?? path]);
  if (options.head) child.stdout?.once("data", () => child.stdout?.destroy());
  const code = await closed;
  return { out: out(), err: err(), code };
}

test("ls: newest runs first, with their states; the run of a killed runner is lost, not running", async () => {
  const { out, code } = await lor2c(["ls"]);
  expect(code).toBe(0);
  expect(out.split("\n")[0]).toMatch(
    /^run +label +state +accuracy \(best\) +method +task +seed +trainable +took +when \(UTC\)$/,
  );
  expect(out).toMatch(/^aaaa0000 {2}seed=17 +finished +0\.8100 /m);
  expect(out).toMatch(/^bbbb0000 {2}seed=18 +lost +- /m);
  expect(out).not.toContain("\u001b");
});

test("ls and show say where scores of different numerics stand beside each other; ls names a step of divergence", async () => {
  const store = openStore(path);
  const fingerprint = { ...DONE.inspected.fingerprint, numerics: "2" };
  const newer = (digit: string) => ({
    ...sampleCell(digit.repeat(16), { label: digit }),
    inspected: { ...DONE.inspected, fingerprint },
  });
  const cells = [newer("c"), newer("d")];
  registerExperiment(store, { name: "y", specFile: null, specText: "", cells });
  const attempts = claimAll(store, cells);
  const failed = { error_type: "Diverged", message: "not finite from step 40 on", traceback: "" };
  ingest(store, attempts, [
    say.started(cells.map(({ id }) => id)),
    say.finished(["c".repeat(16)], 3, 0.7),
    { type: "failed", seq: 4, cells: ["d".repeat(16)], ...failed },
  ]);
  store.close();
  const list = await lor2c(["ls"]);
  expect(list.out).toMatch(/^run +label +state +accuracy \(best\) +numerics /m);
  expect(list.out).toMatch(/^dddddddd {2}d +failed, diverged at step 40 +- +2 /m);
  expect(list.err).toContain("these runs have numerics 1 and 2");
  expect((await lor2c(["ls", "--task", "some-task", "--limit", "2"])).err).not.toContain("numerics");
  expect((await lor2c(["show", DONE.id, "cccc", "curves"])).err).toContain("these runs have numerics 1 and 2");
  expect((await lor2c(["show", "dddd"])).out).toMatch(/state +failed, diverged at step 40$/m);
  expect((await lor2c(["show", "@best"])).out).toContain("cccc"); // the best of these numerics
});

test("ls --score: the header names the score, also for an epoch", async () => {
  const score = async (choice: string) => (await lor2c(["ls", "--score", choice])).out;
  expect(await score("last")).toMatch(/accuracy \(last\)[\s\S]*aaaa0000 {2}seed=17 +finished +0\.8100/);
  expect(await score("fixed")).toMatch(/accuracy \(fixed\)[\s\S]*aaaa0000 {2}seed=17 +finished +- /);
  expect(await score("1")).toMatch(/accuracy \(epoch 1\)[\s\S]*aaaa0000 {2}seed=17 +finished +0\.7500/);
  expect(await score("7")).toMatch(/accuracy \(epoch 7\)[\s\S]*aaaa0000 {2}seed=17 +finished +- /);
  const json = JSON.parse((await lor2c(["ls", "--score", "1", "--json", "--state", "finished"])).out);
  expect(json).toMatchObject([{ epoch_score: 0.75, best_score: 0.81, collapsed: 0, chosen_on: "eval" }]);
  for (const bad of ["worst", "0", "1.5"]) {
    expect(await lor2c(["ls", "--score", bad])).toMatchObject({
      code: 2,
      err: expect.stringContaining("best, last, fixed"),
    });
  }
});

test("ls filters, limits, notes that there are more, and prints JSON", async () => {
  const json = JSON.parse((await lor2c(["ls", "--json", "--task", "other-task"])).out);
  expect(json).toMatchObject([{ id: GONE.id, state: "lost", seed: 18 }]);
  expect((await lor2c(["ls", "--state", "failed"])).out).toBe(
    "there are no such runs: runs where state = failed\nno run meets the condition on state; it is finished, lost\n",
  );
  expect((await lor2c(["ls", "--limit", "1"])).out.trimEnd().split("\n")).toHaveLength(2);
  expect((await lor2c(["ls", "--limit", "0"])).code).toBe(2);
  expect(JSON.parse((await lor2c(["ls", "x", "--sort", "-score", "--json"])).out)).toMatchObject([
    { id: DONE.id, score: 0.81, final: true },
    { id: GONE.id, score: null, final: false },
  ]);
  expect(await lor2c(["ls", "--where", "sed > 17"])).toMatchObject({
    ...{ code: 2, out: "", err: "lor2c: --where: no run has sed\n    sed > 17\n    ^\n  did you mean `seed`?\n" },
  });
  expect((await lor2c(["ls", "--state", "dead"])).code).toBe(2);
});

test("show: every view, as text and as JSON; unknown runs and unknown views are different errors", async () => {
  for (const view of ["summary", "curves", "attempts", "settings", "timeline"]) {
    const { out, code } = await lor2c(["show", "@best", view]);
    expect([code, out.length > 20]).toEqual([0, true]);
    expect(JSON.parse((await lor2c(["show", "@best", view, "--json"])).out)).toBeTypeOf("object");
  }
  expect((await lor2c(["show", "aaaa"])).out).toContain("accuracy    0.8100 after epoch 2");
  expect(await lor2c(["show", "ffff"])).toMatchObject({ code: 2, out: "", err: expect.stringContaining("lor2c ls") });
  expect(await lor2c(["show", "@last", "pie"])).toMatchObject({
    code: 2,
    err: expect.stringMatching(/no view pie\n.*the views are\n.*summary/),
  });
});

test("query: a table, CSV, JSON", async () => {
  const sql = "SELECT label, best_score AS score, NULL AS none, 'a, \"b\"' AS text FROM v_runs ORDER BY run";
  expect((await lor2c(["query", sql])).out).toBe(
    [
      "label    score  none  text",
      "───────  ─────  ────  ──────",
      'seed=17   0.81  NULL  a, "b"',
      'seed=18   NULL  NULL  a, "b"',
      "",
    ].join("\n"),
  );
  expect((await lor2c(["query", sql, "--csv"])).out).toBe(
    'label,score,none,text\r\nseed=17,0.81,,"a, ""b"""\r\nseed=18,,,"a, ""b"""\r\n',
  );
  expect(JSON.parse((await lor2c(["query", sql, "--json"])).out)).toEqual([
    { label: "seed=17", score: 0.81, none: null, text: 'a, "b"' },
    { label: "seed=18", score: null, none: null, text: 'a, "b"' },
  ]);
  expect(JSON.parse((await lor2c(["query", "SELECT 1 WHERE 0", "--json"])).out)).toEqual([]);
  const odd = "SELECT 1 AS a, 2 AS a, 9007199254740993 AS big, x'00ff' AS bytes, '日本' AS wide";
  expect(JSON.parse((await lor2c(["query", odd, "--json"])).out)).toEqual([
    { a: 1, a_2: 2, big: "9007199254740993", bytes: "x'00ff'", wide: "日本" },
  ]);
});

test("query: --format, and a file whose ending names it", async () => {
  const sql = "SELECT label, best_score AS score, NULL AS none FROM v_runs ORDER BY run";
  const csv = await lor2c(["query", sql, "--csv"]);
  expect(await lor2c(["query", sql, "--format", "csv"])).toEqual(csv);
  const [table, data] = [join(temp.folder, "runs.csv"), join(temp.folder, "runs.parquet")];
  expect(await lor2c(["query", sql, "-o", table])).toEqual({ out: "", err: `wrote ${table}\n`, code: 0 });
  expect(readFileSync(table, "utf8")).toBe(csv.out);
  expect(await lor2c(["query", sql, "-o", data])).toEqual({ out: "", err: `wrote ${data}\n`, code: 0 });
  expect(await parquetReadObjects({ file: new Uint8Array(readFileSync(data)).buffer })).toEqual([
    { label: "seed=17", score: 0.81, none: null },
    { label: "seed=18", score: null, none: null },
  ]);
  const broken = await lor2c(["query", "SELECT abs(-9223372036854775808 + run) FROM v_runs", "-o", table]);
  expect({ ...broken, left: readdirSync(temp.folder).filter((name) => name.includes("tmp")) }).toEqual({
    out: "",
    err: expect.stringContaining("integer overflow"),
    code: 2,
    left: [],
  });
  expect(readFileSync(table, "utf8")).toBe(csv.out);
  expect(await lor2c(["query", sql, "-o", "runs.xls"])).toMatchObject({
    code: 2,
    err: expect.stringContaining(".csv"),
  });
  expect(await lor2c(["query", sql, "--csv", "--format", "json"])).toMatchObject({ code: 2, out: "" });
});

test.each([
  ["DELETE FROM runs", "only reads"],
  ["UPDATE runs SET label = 'x' RETURNING id", "only reads"],
  ["PRAGMA journal_mode = DELETE", "only reads"],
  ["PRAGMA user_version = 3", "only reads"],
  ["VACUUM INTO '{folder}/copy.db'", "only reads"],
  ["ATTACH '{folder}/other.db' AS other", "only reads"],
  ["BEGIN IMMEDIATE", "only reads"],
  ["CREATE TEMP TABLE t (a)", "only reads"],
  ["SELECT 1; DELETE FROM runs", "one statement"],
  ["", "one statement"],
  ["SELECT nonsense FROM runs", "no such column"],
  ["SELEC 1", "syntax error"],
])("query refuses %s", async (sql, reason) => {
  const before = readdirSync(temp.folder).filter((name) => !/-(wal|shm)$/.test(name));
  const { out, err, code } = await lor2c(["query", sql.replace("{folder}", temp.folder)]);
  expect({ out, code }).toEqual({ out: "", code: 2 });
  expect(err).toContain(reason);
  expect(readdirSync(temp.folder).filter((name) => !/-(wal|shm)$/.test(name))).toEqual(before);
  const db = new Database(path, { readonly: true });
  expect(db.prepare("SELECT count(*) FROM runs").pluck().get()).toBe(2);
  db.close();
});

test("no control character of the data reaches the terminal, with every command that prints data", async () => {
  const store = openStore(path);
  store.db.prepare("UPDATE runs SET label = ?, model = ?, task = ?").run(...Array(3).fill(`x${HOSTILE}\ny`));
  store.db.prepare("UPDATE attempts SET message = ?, traceback = ?").run(HOSTILE, HOSTILE);
  store.db.prepare("UPDATE experiments SET name = ?").run(HOSTILE);
  store.db.prepare("UPDATE experiment_cells SET label = ?").run(HOSTILE);
  store.close();
  const asked = [
    ["ls"],
    ["ls", "--json"],
    ...["summary", "curves", "attempts", "settings", "timeline"].map((view) => ["show", "aaaa", "bbbb", view]),
    ["show", "aaaa", "--json"],
    ["show", "aaaa", "curves", "--format", "svg"],
    ["show", "title"],
    ["query", "SELECT * FROM v_runs"],
    ["query", "SELECT * FROM v_runs", "--json"],
    ["rm", "aaaa", "--now"],
    ["heatmap", "none"],
    ["paper", "table1", "--experiment", "none"],
  ];
  for (const args of asked) {
    const { out, err } = await lor2c(args);
    expect([args, out + err]).toEqual([args, expect.not.stringMatching(CONTROLS)]);
  }
});

test("query streams: a reader that closes the pipe ends an endless result", async () => {
  const endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
  const { out, code } = await lor2c(["query", endless], { head: true });
  expect(out.startsWith("  i\n")).toBe(true);
  expect(code).toBe(0);
});

test("rm --now: needs --yes without a terminal, then deletes rows and files", async () => {
  const log = join(temp.folder, "runs", DONE.id, "attempt-1", "worker.log");
  writeFileSync(log, "x".repeat(2048));
  const refused = await lor2c(["rm", "aaaa", "--now"]);
  expect(refused).toMatchObject({ code: 2, out: "", err: expect.stringContaining("--yes") });
  expect(existsSync(log)).toBe(true);
  const done = await lor2c(["rm", "aaaa", "@best", "--now", "--yes"]);
  expect(done.out).toMatch(/^deleted 1 run; freed 2 KiB of files, .* of the database\n$/);
  expect(existsSync(join(temp.folder, "runs", DONE.id))).toBe(false);
  expect(JSON.parse((await lor2c(["ls", "--json"])).out)).toHaveLength(1);
  await lor2c(["rm", "bbbb"]);
  expect((await lor2c(["gc"])).out).toMatch(/^freed .*\n\nwhat +size +path +why\ntrash .*bbbb.*removed/);
});

test("rm --now --json: what was deleted, for programs", async () => {
  const json = JSON.parse((await lor2c(["rm", "bbbb", "--now", "--yes", "--json"])).out);
  expect(json).toMatchObject({ runs: 1, ids: [GONE.id], trash: false });
});

test("rm moves to the trash, by name or by filter; restore lists it and brings it back", async () => {
  expect((await lor2c(["restore"])).out).toBe("the trash is empty\n");
  expect(await lor2c(["rm"])).toMatchObject({ code: 2, err: expect.stringContaining("--where") });
  const moved = await lor2c(["rm", "x", "--where", "task = other-task"]);
  expect([moved.out, moved.err]).toEqual([
    "moved 1 run to the trash, with 0 B of files\n",
    "lor2c restore bbbb0000 brings back, lor2c gc frees the space\n",
  ]);
  await lor2c(["rm", "@last"]);
  expect((await lor2c(["ls"])).out).toMatch(/no such runs/);
  expect((await lor2c(["restore"])).out).toMatch(
    /^run +removed \(UTC\) +files +label\naaaa0000 .* 0 B {2}seed=17\nbbbb0000 .* seed=18\n$/,
  );
  expect(await lor2c(["restore", "cccc"])).toMatchObject({
    code: 2,
    err: expect.stringContaining("no run in the trash"),
  });
  expect((await lor2c(["restore", "aaaa"])).out).toBe("restored 1 run, with 0 B of files\n");
  expect(JSON.parse((await lor2c(["restore", "--all", "--json"])).out)).toMatchObject({ runs: 1, ids: [GONE.id] });
  expect((await lor2c(["show", "aaaa"])).out).toContain("accuracy    0.8100 after epoch 2");
});

test("restore --all brings back the others where one was trained again", async () => {
  expect(await lor2c(["restore", "aaaa", "--all"])).toMatchObject({ code: 2 });
  await lor2c(["rm", "x"]);
  const again = openStore(path);
  registerExperiment(again, { name: "again", specFile: null, specText: "", cells: [DONE] });
  again.close();
  const restored = await lor2c(["restore", "--all", "--json"]);
  expect(JSON.parse(restored.out)).toMatchObject({ runs: 1, ids: [GONE.id] });
  expect(restored.err).toBe("in the trash stays what is stored again: 1 run\n");
  expect(await lor2c(["restore", "aaaa"])).toMatchObject({ code: 2, err: expect.stringContaining("stored again") });
  expect(JSON.parse((await lor2c(["restore", "--json"])).out)).toMatchObject([{ run: DONE.id, replaced: true }]);
});

test("a missing database is an error, and is not made", async () => {
  const missing = resolve(temp.folder, "none.db");
  for (const args of [["ls"], ["show", "@last"], ["query", "SELECT 1"], ["rm", "@last", "--yes"], ["migrate"]]) {
    const { code, err } = await lor2c(args, { db: missing });
    expect([args[0], code, err.includes("there is no database")]).toEqual([args[0], 2, true]);
  }
  expect(existsSync(missing)).toBe(false);
});

test("migrate says that there is nothing to do", async () => {
  expect(await lor2c(["migrate"])).toMatchObject({ out: `${path}: up to date already\n`, code: 0 });
});
