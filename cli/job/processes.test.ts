/** Runs `lor2c run` and related commands like a user: real processes, signals and databases; a fixture worker. */

import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { builtFixture } from "../fixtures/program.js";
import { type Started, startProgram } from "../fixtures/start-program.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import { withoutWaits } from "../fixtures/without-waits.js";
import { getAttempts, listRuns } from "../store/read.js";
import { openStore } from "../store/store.js";
import { fixture, isAlive, until } from "../worker/fixture-worker.js";

let dbPath: string;
let file: string;
beforeEach(() => {
  const folder = tempFolder();
  dbPath = join(folder, "lor2c.db");
  file = join(folder, "spec.yaml");
  writeFileSync(
    file,
    "name: two\nmodel: minilm\ntask: movie-reviews\nmethod: lora\ntrain: {logging_steps: 1}\njobs: 1\nsweep: {grid: {seed: 1..2}}\n",
  );
});

const lor2c = (args: string[], env: Record<string, string> = {}): Started =>
  startProgram([...args, "--db", dbPath], { LOR2C_PYTHON: fixture("good.py"), ...env });

/** Waits for a text in the output; fails if the process ends without it. */
async function says(started: Started, what: string | ((out: string) => boolean)): Promise<void> {
  const has = typeof what === "string" ? (out: string) => out.includes(what) : what;
  let over = false;
  started.closed.then(() => {
    over = true;
  });
  await until(() => over || has(started.out()));
  if (!has(started.out())) throw new Error(`it ended without saying it: ${started.out()}${started.err()}`);
}

const SLOW = { FIXTURE_STEP_SECONDS: "0.05", FIXTURE_STEPS: "2000" };
const ndjson = (text: string) =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
const workersOf = (text: string): number[] =>
  ndjson(text.slice(0, text.lastIndexOf("\n") + 1)).flatMap(({ event }) =>
    event?.type === "ready" ? [event.pid] : [],
  );

function states(): string[] {
  const store = openStore(dbPath, { readonly: true });
  try {
    return listRuns(store).map((run) => run.state);
  } finally {
    store.close();
  }
}

test("plain: lines and the table without escape codes; the second time there is nothing to do", async () => {
  const first = lor2c(["run", file]);
  expect(await first.closed).toBe(0);
  expect(first.out()).toMatch(/^two: 2 runs, 1 at a time, database /);
  expect(first.out()).toMatch(/seed=1: training starts: 64 rows, 6 steps, 1,000 trainable parameters \+ 20 head/);
  expect(first.out()).toMatch(/seed=2 +lora +0\.7200 +1 +1,000 +3\.0s\n/);
  expect(first.out()).toContain("note: 64 of 640 training rows, chosen with split_seed 0");
  expect(first.out()).not.toContain("\u001b");
  const again = lor2c(["run", file]);
  expect(await again.closed).toBe(0);
  expect(again.out()).toContain("2 of them finished already");
  expect(again.out()).not.toContain("training starts");
});

test("--json: only JSON lines, the last one the summary", async () => {
  const { out, closed } = lor2c(["run", file, "--json", "--jobs", "2"], { FIXTURE_FAIL: "1" });
  expect(await closed).toBe(1);
  const lines = ndjson(out());
  expect(lines[0]).toMatchObject({ type: "plan", name: "two", jobs: 2, cells: [{ total_steps: 6 }, {}] });
  const { type, outcome, cells } = lines.at(-1);
  expect([type, outcome]).toEqual(["summary", "failed"]);
  expect(cells[0].error).toMatchObject({ type: "ValueError", stderr_tail: expect.any(Array) });
  expect(cells[1]).toMatchObject({ state: "finished", best_score: 0.72, majority_score: 0.5 });
});

test("wrong requests exit with 2 and start nothing", async () => {
  for (const args of [
    ["--set", "train.nope=1"],
    ["--jobs", "many"],
    ["--plain", "--json"],
  ]) {
    const { closed, err } = lor2c(["run", file, ...args]);
    expect([args, await closed]).toEqual([args, 2]);
    expect(err()).not.toBe("");
  }
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s once stops after the step", async (signal) => {
  const run = lor2c(["run", file, "--json", "--jobs", "2"], SLOW);
  const { child, out, closed } = run;
  await says(run, (text) => workersOf(text).length === 2 && (text.match(/"started"/g) ?? []).length === 2);
  const workers = workersOf(out());
  child.kill(signal);
  expect(await closed).toBe(130);
  expect(ndjson(out()).at(-1)).toMatchObject({ type: "summary", outcome: "interrupted" });
  expect(states()).toEqual(["stopped", "stopped"]);
  expect(workers.map(isAlive)).toEqual([false, false]);
});

test("Ctrl-C twice ends a worker in the middle of a long step", async () => {
  const run = lor2c(["run", file, "--json"], { FIXTURE_STEP_SECONDS: "3600" });
  const { child, out, closed } = run;
  await says(run, '"started"');
  const workers = workersOf(out());
  child.kill("SIGINT");
  await says(run, "second Ctrl-C");
  child.kill("SIGINT");
  expect(await closed).toBe(130);
  expect(states().sort()).toEqual(["planned", "stopped"]);
  expect(workers.map(isAlive)).toEqual([false]);
});

test("Ctrl-C ends a worker that is still starting at once", async () => {
  const run = await startingWorker();
  run.child.kill("SIGINT");
  expect(await run.closed).toBe(130);
  expect(states()).toEqual(["stopped"]);
});

test("Ctrl-C twice ends a worker that is still starting", async () => {
  const run = await startingWorker();
  run.child.kill("SIGINT");
  await says(run, "second Ctrl-C");
  run.child.kill("SIGINT");
  // The first one ends it already. Node drops all handlers some milliseconds before it is gone; a signal in that time
  // kills it, with everything stored and printed. A shell shows 130 for both.
  const code = await run.closed;
  expect(run.child.signalCode === "SIGINT" ? 130 : code).toBe(130);
  expect(ndjson(run.out()).at(-1)).toMatchObject({ type: "summary", outcome: "interrupted" });
  expect(states()).toEqual(["stopped"]);
});

async function startingWorker(): Promise<Started> {
  writeFileSync(file, readFileSync(file, "utf8").replace("1..2", "[1]"));
  const run = lor2c(["run", file, "--json"], { FIXTURE_NEVER_READY: "train" });
  await says(run, '"running"');
  return run;
}

test("the third Ctrl-C ends the program and its workers, whatever it waits for", async () => {
  const command = ["python3", fixture("ignores-stop.py")];
  const args = [builtFixture("waits-for-ever"), join(dbPath, "..", "worker.log"), ...command];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  const closed = new Promise((resolve) => child.once("close", (...how) => resolve(how)));
  await until(() => out.includes("\n"));
  const worker = Number(out);
  for (const word of ["first", "second"]) {
    child.kill("SIGINT");
    await until(() => out.includes(word));
  }
  expect(isAlive(worker)).toBe(true);
  child.kill("SIGINT");
  expect(await closed).toEqual([130, null]);
  await until(() => !isAlive(worker));
});

test("no worker survives a killed runner; the run is lost, and the same command trains it again", async () => {
  const run = lor2c(["run", file, "--json"], SLOW);
  const { child, out, closed } = run;
  await says(run, '"metrics"');
  const [worker = 0] = workersOf(out());
  child.kill("SIGKILL");
  await closed;
  await until(() => !isAlive(worker));
  const again = lor2c(["run", file, "--json"]);
  expect(await again.closed).toBe(0);
  const store = openStore(dbPath, { readonly: true });
  const first = ndjson(again.out()).at(-1).cells[0].id;
  expect(getAttempts(store, first).map((attempt) => attempt.state)).toEqual(["lost", "finished"]);
  store.close();
});

test("two jobs at once share the work: every run is trained once, and both see all of them finished", async () => {
  const env = { FIXTURE_STEP_SECONDS: "0.1" };
  const both = [lor2c(["run", file, "--json"], env), lor2c(["run", file, "--json"], env)];
  expect(await Promise.all(both.map(({ closed }) => closed))).toEqual([0, 0]);
  const summaries = both.map(({ out }) => ndjson(out()).at(-1));
  for (const summary of summaries) {
    expect(summary.cells.map((cell: { state: string }) => cell.state)).toEqual(["finished", "finished"]);
  }
  const store = openStore(dbPath, { readonly: true });
  expect(listRuns(store).map((run) => run.attempts)).toEqual([1, 1]);
  store.close();
});

test("a run is taken over if the other process that trains it dies", async () => {
  const one = lor2c(["run", file, "--json", "--set", "sweep.grid={seed: [1]}"], SLOW);
  await says(one, '"metrics"');
  const two = lor2c(["run", file, "--json"]);
  await says(two, (text) => text.includes('"elsewhere"') && text.includes('"finished"'));
  one.child.kill("SIGKILL");
  expect(await two.closed).toBe(0);
  const store = openStore(dbPath, { readonly: true });
  const first = ndjson(two.out()).at(-1).cells[0].id;
  expect(getAttempts(store, first).map((attempt) => attempt.state)).toEqual(["lost", "finished"]);
  store.close();
});

test("logs -f ends with the run; --worker shows what the worker wrote", async () => {
  const run = lor2c(["run", file, "--json", "--set", "sweep.grid={seed: [1]}"], { FIXTURE_STEP_SECONDS: "0.2" });
  await says(run, '"started"');
  const follow = lor2c(["logs", "@last", "-f"]);
  expect(await follow.closed).toBe(0);
  expect(ndjson(follow.out()).map((line) => line.msg)).toEqual([
    "claimed",
    "worker ready",
    "started",
    "artifact",
    "finished",
  ]);
  expect(await run.closed).toBe(0);
  const worker = lor2c(["logs", "@last", "--worker"]);
  expect(await worker.closed).toBe(0);
  expect(worker.out()).toMatch(/^training [0-9a-f]{16}\n$/);
});

test("verify exits with 0 for equal values, 1 for different ones, which it shows, 2 if not comparable; predict labels", async () => {
  expect(await lor2c(["run", file, "--set", "sweep.grid={seed: [1]}"]).closed).toBe(0);
  const same = lor2c(["verify", "@last"]);
  expect(await same.closed).toBe(0);
  expect(same.out()).toMatch(/^same: /);
  const drift = lor2c(["verify", "@last"], { FIXTURE_DRIFT: "0.5" });
  expect(await drift.closed).toBe(1);
  expect(drift.out()).toMatch(/step 4, train loss: was [0-9.]+, is [0-9.]+/);
  const json = lor2c(["verify", "@last", "--json"], { FIXTURE_DRIFT: "0.5" });
  expect(await json.closed).toBe(1);
  expect(ndjson(json.out())[0]).toMatchObject({ same: false, differences: [{ step: 4, name: "loss" }] });
  expect(json.err()).toBe(""); // for errors alone
  expect(await lor2c(["verify", "@last"], { FIXTURE_FINGERPRINT: "zz" }).closed).toBe(2);
  const texts = join(join(dbPath, ".."), "texts.txt");
  writeFileSync(texts, "second\r\n\nthird\n");
  const predict = lor2c(["predict", "@last", "--text", "first", "--text", "second"]);
  expect([await predict.closed, withoutWaits(predict.err())]).toEqual([0, ""]);
  expect(predict.out()).toBe(["first", "second"].map((text) => `positive 0.7500\t${text}\n`).join(""));
  const rows = lor2c(["predict", "@last", "--file", texts]);
  expect([await rows.closed, rows.out()]).toEqual([0, "second\n\nthird\n"]);
  expect(withoutWaits(rows.err())).toBe(
    "note: 1 row with an empty text, labelled like any other\nscores by the labels in the file: accuracy 0.5000\n",
  );
  expect(await lor2c(["predict", "@last"]).closed).toBe(2);
  expect(readFileSync(texts, "utf8")).toContain("third");
});
