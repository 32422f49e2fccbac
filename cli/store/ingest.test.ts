import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { WorkerEvent } from "../protocol/messages.js";
import { claimedStore, disposableFolder, sampleCell, sampleEvents as say } from "./fixtures/sample.js";
import {
  getArtifacts,
  getAttempt,
  getChanges,
  getEnvironment,
  getEpochScores,
  getMetrics,
  getModuleScores,
  getNotes,
  getRanks,
} from "./read.js";
import type { Store } from "./store.js";
import { endAttempt, ingest } from "./write.js";

const A = "a".repeat(16);
const B = "b".repeat(16);
const GIT = { commit: "deadbeef", dirty: true };

let temp: { folder: string; remove: () => void };
let store: Store;
let attempts: Map<string, number>;
let a: number;
let b: number;
beforeEach(() => {
  temp = disposableFolder();
  ({ store, attempts } = claimedStore(temp.folder, [sampleCell(A), sampleCell(B, { seed: 18 })]));
  a = attempts.get(A) as number;
  b = attempts.get(B) as number;
});
afterEach(() => {
  store.close();
  temp.remove();
});

function wholeRun(): WorkerEvent[] {
  return [
    say.ready(),
    say.started([A, B]),
    say.metrics([A, B], 2, 10, { loss: 0.7, learning_rate: 1e-3 }),
    say.metrics([A], 3, 20, { loss: null }),
    say.metrics([A, B], 4, 94, { accuracy: 0.8, loss: 0.4 }, "eval"),
    say.change([A], 5),
    say.moduleScores([B], 6),
    say.artifact([A], 7, join(temp.folder, "runs", A, "attempt-1", "adapter")),
    say.finished([A], 8),
    { type: "failed", seq: 9, cells: [B], error_type: "ValueError", message: "no", traceback: "Traceback ..." },
  ];
}

/** Every row of every table, to compare whole databases. */
function dump(): unknown {
  const tables = store.db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").pluck().all();
  return tables.map((table) => [table, store.db.prepare(`SELECT * FROM "${table}"`).all()]);
}

test("an event that names two cells is stored for both, another one only for its own", () => {
  ingest(store, attempts, wholeRun(), GIT);
  expect(getMetrics(store, b).map((row) => [row.split, row.name, row.step, row.value])).toEqual([
    ["eval", "accuracy", 94, 0.8],
    ["eval", "loss", 94, 0.4],
    ["train", "learning_rate", 10, 1e-3],
    ["train", "loss", 10, 0.7],
  ]);
  expect(getMetrics(store, a, { split: "train", name: "loss" })).toEqual([
    { split: "train", name: "loss", step: 10, epoch: 10 / 94, value: 0.7, diverged: 0 },
    { split: "train", name: "loss", step: 20, epoch: 20 / 94, value: null, diverged: 1 },
  ]);
  expect(getMetrics(store, a, { afterStep: 20 }).every((row) => row.step > 20)).toBe(true);
  expect(getEpochScores(store, a)).toEqual([{ step: 94, epoch: 1, score: 0.8, loss: 0.4 }]);
  expect(getNotes(store, b)).toEqual(["3,000 of 8,000 rows", "fp32"]);
  expect(getChanges(store, a)).toMatchObject([{ kind: "merge", span_start: 2, span_end: 3, seq: 5 }]);
  expect(getChanges(store, b)).toEqual([]);
  expect(getModuleScores(store, b).map((row) => [row.span_start, row.kind, row.score])).toEqual([
    [0, "lor2c", 0.2],
    [1, "lora", null],
  ]);
});

test("ranks are sorted by step, then in the order of the model's layers", () => {
  const ranks = (seq: number, step: number, rank: number): WorkerEvent => ({
    type: "ranks",
    seq,
    cells: [A],
    step,
    epoch: step / 94,
    modules: [
      { module: "encoder.layer.10.query", rank },
      { module: "encoder.layer.2.query", rank: 5 },
    ],
  });
  ingest(store, attempts, [ranks(1, 94, 3), ranks(2, 188, 1)]);
  expect(getRanks(store, a).map((row) => [row.epoch, row.module, row.rank])).toEqual([
    [1, "encoder.layer.2.query", 5],
    [1, "encoder.layer.10.query", 3],
    [2, "encoder.layer.2.query", 5],
    [2, "encoder.layer.10.query", 1],
  ]);
  expect(getRanks(store, b)).toEqual([]);
});

test("a run's scores: the rows that chose the epoch, the scores on other rows, and whether it collapsed", () => {
  const held = { chosen_on: "holdout", chosen_score: 0.77, eval_best_score: 0.9, eval_best_epoch: 1 } as const;
  ingest(store, attempts, [
    say.metrics([A], 1, 94, { accuracy: 0.77 }, "eval"),
    { ...say.metrics([A], 2, 94, { accuracy: 0.77 }, "eval"), split: "holdout", seq: 2 },
    { ...say.finished([A], 3, 0.8), ...held, collapsed: true, collapsed_to: "negative", collapsed_share: 0.5 },
    say.started([B], 4),
    { ...say.finished([B], 5, 0.7), notes: ["1 of 2 merges", "fp32"] },
  ]);
  expect(getNotes(store, b)).toEqual(["3,000 of 8,000 rows", "fp32", "1 of 2 merges", "fp32"]);
  expect(getAttempt(store, a)).toMatchObject({ ...held, best_score: 0.8, collapsed: 1 });
  expect(getAttempt(store, a)).toMatchObject({ collapsed_to: "negative", collapsed_share: 0.5 });
  expect(getAttempt(store, b)).toMatchObject({ collapsed_to: null, collapsed_share: null });
  expect(getAttempt(store, b)).toMatchObject({ chosen_on: "eval", eval_best_score: 0.7, collapsed: 0 });
  expect(getMetrics(store, a, { split: "holdout" })).toHaveLength(1);
});

test("an outcome ends the attempt and stores its numbers", () => {
  ingest(store, attempts, wholeRun(), GIT);
  expect(getAttempt(store, a)).toMatchObject({
    state: "finished",
    best_score: 0.81,
    trainable_parameters: 1000,
    final_trainable_parameters: 900,
    tokens_per_second: 2000,
    last_seq: 8,
    ended_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  });
  expect(getAttempt(store, b)).toMatchObject({
    state: "failed",
    error_type: "ValueError",
    message: "no",
    traceback: "Traceback ...",
  });
});

test("artifact paths inside the database's folder are stored as relative paths and read as absolute ones", () => {
  ingest(store, attempts, wholeRun(), GIT);
  expect(store.db.prepare("SELECT path FROM artifacts").pluck().all()).toEqual([`runs/${A}/attempt-1/adapter`]);
  expect(getArtifacts(store, a)[0]?.path).toBe(join(temp.folder, "runs", A, "attempt-1", "adapter"));
});

test("the same events again, in one batch or many, change nothing", () => {
  ingest(store, attempts, wholeRun(), GIT);
  const once = dump();
  ingest(store, attempts, wholeRun(), GIT);
  ingest(store, attempts, [...wholeRun(), ...wholeRun()], GIT);
  for (const event of wholeRun()) ingest(store, attempts, [event], GIT);
  expect(dump()).toEqual(once);
});

test("out of memory and stopped store numbers of their own", () => {
  ingest(store, attempts, [
    { type: "out_of_memory", seq: 1, cells: [A], message: "8 GB are not enough", peak_memory: 7 },
    { type: "stopped", seq: 2, cells: [B], step: 41 },
  ]);
  expect(getAttempt(store, a)).toMatchObject({
    state: "out_of_memory",
    peak_memory: 7,
    message: "8 GB are not enough",
  });
  expect(getAttempt(store, b)).toMatchObject({ state: "stopped", stopped_at_step: 41, message: null });
});

test("an outcome is final, except that the worker's outcome replaces `lost`", () => {
  expect(endAttempt(store, a, "stopped")).toBe(true);
  expect(endAttempt(store, a, "failed", { message: "late" })).toBe(false);
  expect(getAttempt(store, a)).toMatchObject({ state: "stopped", message: null });
  expect(endAttempt(store, b, "lost", { message: "gone" })).toBe(true);
  ingest(store, attempts, [say.finished([B], 3)]);
  expect(getAttempt(store, b)).toMatchObject({ state: "finished", best_score: 0.81, message: null });
});

test("equal environments share a row; another version of a package or another variable makes a new one", () => {
  ingest(store, attempts, [say.ready()], GIT);
  expect(getAttempt(store, a)?.environment).toBe(getAttempt(store, b)?.environment);
  const environment = getEnvironment(store, getAttempt(store, a)?.environment ?? 0);
  expect(environment).toMatchObject({ python: "3.11.9", device: "cpu", git_commit: "deadbeef", git_dirty: 1 });
  expect(environment?.packages).toEqual({ numpy: "2.3.0", torch: "2.13.0" });
  ingest(store, attempts, [{ ...say.ready(1), packages: { torch: "2.14.0" } }], GIT);
  expect(getAttempt(store, a)?.environment).not.toBe(environment?.id);
  const variables = { OMP_NUM_THREADS: "4", HF_HOME: "/models" };
  ingest(store, attempts, [{ ...say.ready(2), variables }], GIT);
  const other = getEnvironment(store, getAttempt(store, a)?.environment ?? 0);
  expect([environment?.variables, other?.variables]).toEqual([{}, variables]);
  expect(store.db.prepare("SELECT count(*) FROM environments").pluck().get()).toBe(3);
});

test("progress and log are not stored; a cell that the worker was not given is a protocol error and nothing is stored", () => {
  const before = dump();
  ingest(store, attempts, [
    {
      type: "progress",
      seq: 1,
      cells: [A],
      phase: "train",
      step: 1,
      total_steps: 9,
      epoch: 0,
      loss: 1,
      lanes: 1,
      lane_epochs_left: 1,
      tokens_per_second: 1,
    },
    { type: "log", seq: 2, cells: [], level: "info", message: "hello" },
  ]);
  expect(dump()).toEqual(before);
  const stray = say.metrics(["f".repeat(16)], 4, 1, { loss: 1 });
  expect(() => ingest(store, attempts, [say.started([A, B], 3), stray])).toThrow(/which it was not given/);
  expect(dump()).toEqual(before);
});

test("a batch is stored as a whole or not at all", () => {
  const before = dump();
  const bad = { ...say.metrics([A], 4, 1, { loss: 1 }), step: 1.5 }; // a STRICT integer column refuses it
  expect(() => ingest(store, attempts, [say.started([A, B]), bad])).toThrow();
  expect(dump()).toEqual(before);
});

test("events of a run whose row is gone are an error, and change nothing", () => {
  store.db.prepare("DELETE FROM runs WHERE id = ?").run(A);
  expect(() => ingest(store, attempts, wholeRun(), GIT)).toThrow(/row of attempt \d+.* is no longer in/);
  expect(getAttempt(store, a)).toBeUndefined();
  expect(getAttempt(store, b)?.state).toBe("running");
});
