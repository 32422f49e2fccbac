import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { RUN_LOG, SETTINGS_FILE, WORKER_LOG } from "../attempt-files.js";
import { tempFolder } from "../fixtures/temp-folder.js";
import type { WorkerEvent } from "../protocol/messages.js";
import { chooseSet, findRun, getAttempts, getMetrics, leftOutCells } from "../store/read.js";
import { openStore } from "../store/store.js";
import { fixture } from "../worker/fixture-worker.js";
import type { Lane } from "./lane.js";
import type { JobPlan, JobSummary, Reporter } from "./reporter.js";
import { type RunOptions, runExperiment } from "./run.js";
import type { RunState } from "./run-state.js";
import { specSource } from "./source.js";

let folder: string;
let file: string;
let dbPath: string;

beforeEach(() => {
  folder = tempFolder();
  file = join(folder, "spec.yaml");
  dbPath = join(folder, "lor2c.db");
  writeFileSync(file, "name: three\nmodel: minilm\ntask: movie-reviews\nmethod: lora\nsweep: {grid: {seed: 1..3}}\n");
});

class Recorder implements Reporter {
  plan: JobPlan | undefined;
  readonly events: [string, WorkerEvent["type"]][] = [];
  readonly changes: [string, RunState][] = [];
  readonly messages: string[] = [];
  summary: JobSummary | undefined;
  begin(plan: JobPlan) {
    this.plan = plan;
  }
  lane() {}
  event({ runs }: Lane, event: WorkerEvent) {
    for (const run of runs) this.events.push([run, event.type]);
  }
  states(runs: readonly string[], state: RunState) {
    for (const run of runs) this.changes.push([run, state]);
  }
  message(_: string, text: string) {
    this.messages.push(text);
  }
  end(summary: JobSummary) {
    this.summary = summary;
  }
}

async function run(env: Record<string, string> = {}, options: Partial<RunOptions> = {}) {
  const reporter = new Recorder();
  const worker = { commandOverride: [fixture("good.py")], env };
  const summary = await runExperiment({ source: specSource(file), dbPath, reporter, worker, ...options });
  return { summary, reporter, states: summary.cells.map((cell) => cell.state) };
}

const attemptsOf = (id: string) => {
  const store = openStore(dbPath, { readonly: true });
  try {
    return getAttempts(store, id).map((attempt) => attempt.state);
  } finally {
    store.close();
  }
};

test("every run of a spec is trained, stored, logged and summed up", async () => {
  const { summary, reporter } = await run({}, { jobs: 2 });
  expect(reporter.plan).toMatchObject({ name: "three", jobs: 2, cells: [{ state: "planned", totalSteps: 6 }, {}, {}] });
  expect(reporter.summary).toBe(summary);
  expect(summary).toMatchObject({ name: "three", outcome: "finished", sameRows: true, dbPath });
  expect(summary.cells[0]).toMatchObject({
    method: "lora",
    state: "finished",
    scoreName: "accuracy",
    bestScore: 0.71,
    majorityScore: 0.5,
    trainableParameters: 1000,
    headParameters: 20,
    seconds: 3,
    tokensPerSecond: 250,
  });
  expect(summary.notes).toEqual(["64 of 640 training rows, chosen with split_seed 0"]);
  const store = openStore(dbPath, { readonly: true });
  const id = summary.cells[0]?.id ?? "";
  const [attempt] = getAttempts(store, id);
  expect(getMetrics(store, attempt?.id ?? 0, { split: "train", name: "loss" })).toHaveLength(6);
  store.close();
  const settings = JSON.parse(readFileSync(join(attempt?.folder ?? "", SETTINGS_FILE), "utf8"));
  expect(settings).toMatchObject({ run: id, attempt: 1, settings: { seed: 1 }, fingerprint: { data: "aa" } });
  const log = readFileSync(join(attempt?.folder ?? "", RUN_LOG), "utf8")
    .trim()
    .split("\n")
    .map((l) => JSON.parse(l));
  expect(log.map((line) => line.msg)).toEqual(["claimed", "worker ready", "started", "artifact", "finished"]);
  expect(log[0]).toMatchObject({ run: id, attempt: 1, level: "info" });
});

test("running again trains nothing, --force trains everything as new attempts", async () => {
  const first = await run();
  const again = await run();
  expect(again.reporter.events).toEqual([]);
  expect(again.reporter.plan?.cells.map((cell) => cell.state)).toEqual(["finished", "finished", "finished"]);
  expect(again.summary).toMatchObject({ outcome: "finished", cells: first.summary.cells });
  await run({}, { force: true });
  expect(attemptsOf(first.summary.cells[0]?.id ?? "")).toEqual(["finished", "finished"]);
});

test("a failing run leaves the others alone, and only it is trained again", async () => {
  const { summary, states } = await run({ FIXTURE_FAIL: "1", FIXTURE_OOM: "2" });
  expect(summary.outcome).toBe("failed");
  expect(states).toEqual(["failed", "out_of_memory", "finished"]);
  expect(summary.cells[0]?.error).toMatchObject({ type: "ValueError", message: "the fixture was told to fail" });
  expect(summary.cells[0]?.error?.stderrTail).toContain("ValueError: the fixture was told to fail");
  expect(existsSync(summary.cells[0]?.error?.logFile ?? "")).toBe(true);
  expect(basename(summary.cells[0]?.error?.logFile ?? "")).toBe(WORKER_LOG);
  const again = await run();
  expect(again.states).toEqual(["finished", "finished", "finished"]);
  expect(new Set(again.reporter.events.map(([id]) => id)).size).toBe(2);
  expect(attemptsOf(summary.cells[0]?.id ?? "")).toEqual(["failed", "finished"]);
});

test("a failure without output on stderr names the runner's log, because the worker's is empty", async () => {
  const { summary, states } = await run({ FIXTURE_OOM: "1", FIXTURE_QUIET: "1" });
  expect(states).toEqual(["out_of_memory", "finished", "finished"]);
  const error = summary.cells[0]?.error;
  expect(error?.stderrTail).toEqual([]);
  expect(readFileSync(error?.logFile ?? "", "utf8")).toContain("the fixture was told to need too much");
  expect(basename(error?.logFile ?? "")).toBe(RUN_LOG);
});

test("on_error: stop starts nothing after a failure", async () => {
  writeFileSync(file, `${readFileSync(file, "utf8")}on_error: stop\n`);
  const { summary, states } = await run({ FIXTURE_FAIL: "1" }, { jobs: 1 });
  expect(summary.outcome).toBe("failed");
  expect(states).toEqual(["failed", "skipped", "skipped"]);
  const store = openStore(dbPath, { readonly: true });
  expect(chooseSet(store, { fields: { state: "planned" } }).runs).toHaveLength(2);
  store.close();
});

test("a worker that dies or breaks the protocol loses its run, and the error says why", async () => {
  const { summary, states } = await run({ FIXTURE_DIE: "1", FIXTURE_GARBAGE: "2" });
  expect(states).toEqual(["lost", "lost", "finished"]);
  expect(summary.cells[0]?.error).toMatchObject({ type: "WorkerError", message: expect.stringContaining("SIGKILL") });
  expect(summary.cells[0]?.error?.stderrTail.at(-1)).toBe("the fixture dies now");
  expect(summary.cells[1]?.error).toMatchObject({
    type: "ProtocolError",
    message: expect.stringContaining("Segmentation fault"),
  });
  expect(attemptsOf(summary.cells[0]?.id ?? "")).toEqual(["lost"]);
  expect((await run()).states).toEqual(["finished", "finished", "finished"]);
});

test("a value that is not finite is stored as diverged and breaks nothing", async () => {
  const { summary } = await run({ FIXTURE_NAN: "1" });
  const store = openStore(dbPath, { readonly: true });
  const attempt = findRun(store, summary.cells[0]?.id ?? "").attempt_id ?? 0;
  expect(getMetrics(store, attempt, { name: "loss", split: "train" })[2]).toMatchObject({ value: null, diverged: 1 });
  store.close();
});

test("a run that is not possible is left out with its reason; the others train, and the job fails", async () => {
  const { summary, states, reporter } = await run({ FIXTURE_PROBLEM: "2" });
  expect(states).toEqual(["finished", "finished"]);
  const invalid = [{ reason: "the fixture refuses this seed", labels: ["seed=2"] }];
  expect(summary).toMatchObject({ outcome: "failed", invalid });
  expect(reporter.plan?.invalid).toEqual(invalid);
  expect(reporter.messages).toEqual(["left out, cannot run: the fixture refuses this seed (seed=2)"]);
  const store = openStore(dbPath, { readonly: true });
  expect(leftOutCells(store, summary.experiment)).toEqual([
    { axes: { seed: 2 }, reason: "cannot run: the fixture refuses this seed" },
  ]);
  store.close();
  expect((await run()).summary).toMatchObject({ outcome: "finished", invalid: [] });
});

test("if no run is possible it is a usage error, and nothing is started or stored", async () => {
  await expect(run({ FIXTURE_PROBLEM: "1,2,3" })).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining("the fixture refuses this seed"),
  });
  const wrong = async () => run({}, { source: specSource(file, ["train.nonsense=1"]) });
  await expect(wrong()).rejects.toMatchObject({ exitCode: 2 });
  expect(existsSync(dbPath)).toBe(false);
});

test("warnings of the plan come before training, only for the runs that train", async () => {
  const said: string[] = [];
  class Early extends Recorder {
    override event() {}
    override states(_: readonly string[], state: RunState) {
      said.push(state);
    }
    override message(level: string, text: string) {
      said.push(`${level}: ${text}`);
    }
  }
  await run({ FIXTURE_WARNING: "1,3", FIXTURE_FAIL: "3" }, { reporter: new Early() });
  expect(said[0]).toBe("warn: the fixture warns of this seed (seed=1, seed=3)");
  expect(said.indexOf("running")).toBeGreaterThan(0);
  const again = await run({ FIXTURE_WARNING: "1,3" });
  expect(again.reporter.messages).toEqual(["the fixture warns of this seed"]);
});

test("a path that cannot be a database is refused before a worker starts", async () => {
  const worker = { commandOverride: ["python3", fixture("exits-before-ready.py")] };
  await expect(run({}, { worker, dbPath: folder })).rejects.toMatchObject({ code: "NOT_A_DATABASE", exitCode: 2 });
  const text = join(folder, "notes.txt");
  writeFileSync(text, "no database at all, but long enough to have a header of one hundred bytes. ".repeat(3));
  await expect(run({}, { worker, dbPath: text })).rejects.toMatchObject({ code: "NOT_A_DATABASE" });
  const inside = run({}, { worker, dbPath: join(text, "lor2c.db") });
  await expect(inside).rejects.toMatchObject({ code: "FOLDER_IS_FILE" });
  const nowhere = run({}, { worker, dbPath: join(folder, "a", "b", "lor2c.db") });
  await expect(nowhere).rejects.toMatchObject({ code: "FOLDER_MISSING" });
  // A path that can become a database is not changed.
  await expect(run({}, { worker })).rejects.toMatchObject({ code: "WORKER_START_FAILED" });
  expect(existsSync(dbPath)).toBe(false);
});

test("scores of different tasks have no best one: what --notify tells has none", async () => {
  writeFileSync(file, "name: tasks\nmodel: minilm\ntask: mrpc\nmethod: lora\nsweep: {grid: {task: [mrpc, sst2]}}\n");
  const { summary } = await run();
  expect(summary.cells.map(({ scoreName, bestScore }) => [scoreName, bestScore !== null])).toEqual([
    ["accuracy", true],
    ["accuracy", true],
  ]);
  expect(summary.sameRows).toBe(false);
});
