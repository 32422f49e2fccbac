import { rmSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { JobModel } from "../../job/model.js";
import type { TimeLeft } from "../../job/time-left.js";
import type { WorkerEvent } from "../../protocol/messages.js";
import { claimAll, disposableFolder, sampleCell, sampleEvents as say } from "../../store/fixtures/sample.js";
import { openStore, type Store } from "../../store/store.js";
import { addTag, ingest, registerExperiment } from "../../store/write.js";
import { type JobNow, jobSource } from "./job.js";

let temp: { folder: string; remove: () => void };
let dbPath: string;
let store: Store;
let experiment: number;
let clock: number;
let timeLeft: TimeLeft;
let model: JobModel;

const now = () => clock;
const cells = ["a", "b", "c"].map((letter) => sampleCell(letter.repeat(16), { label: letter }));
const [A, B, C] = cells.map(({ id }) => id) as [string, string, string];
const planned = cells.map(({ id, label }) => ({
  ...{ id, label, totalSteps: 188, state: "planned" as const, trainableParameters: 1000, headParameters: 770 },
}));
const LOG: JobNow["log"] = [{ at: 1, level: "info", runs: [], label: "", text: "hello" }];

beforeEach(() => {
  temp = disposableFolder();
  dbPath = `${temp.folder}/lor2c.db`;
  store = openStore(dbPath);
  experiment = registerExperiment(store, { name: "job", specFile: null, specText: "", cells });
  clock = Date.now();
  timeLeft = { fraction: 0, secondsLeft: null };
  const clockOf = { event() {}, states() {}, secondsLeft: () => 25 /* of a lane */, look: () => timeLeft };
  model = new JobModel(planned, [], clockOf, now);
});
afterEach(() => {
  store.close();
  temp.remove();
});

function opened() {
  const source = jobSource({ name: "job", experiment, dbPath, cells: planned }, () => ({ model, log: LOG }), now);
  const later = (milliseconds = 60_000) => {
    clock += milliseconds;
    return source.read();
  };
  return { source, later };
}

const progress = (cells: string[], step: number, loss: number): WorkerEvent => ({
  ...{ type: "progress", seq: 9, cells, phase: "train", step, total_steps: 188, epoch: step / 94, loss },
  ...{ lanes: 1, lane_epochs_left: 1, tokens_per_second: 500 },
});

test("the job's newest facts stand over what is stored, which may lag", () => {
  const { source, later } = opened();
  const before = source.read();
  expect(before).toMatchObject({ title: "job", experiment, grid: null, log: LOG });
  expect(before.runs).toMatchObject([
    { id: A, state: "planned", epochs: 2, settings: {} },
    { id: B, state: "planned" },
    { id: C, state: "planned" },
  ]);
  expect(later()).toBe(before);

  const attempts = claimAll(store, cells.slice(0, 2));
  const bundle = model.begin(attempts);
  for (const event of [say.started([A, B]), progress([A, B], 90, 0.5), progress([A], 94, 0.4)])
    model.event(bundle, event);
  timeLeft = { fraction: 0.3, secondsLeft: 7.9 };
  const training = later(2000);
  expect(training.runs[0]).toMatchObject({
    ...{ state: "running", phase: "train", step: 94, totalSteps: 188, epoch: 1, loss: 0.4, losses: [0.5, 0.4] },
    ...{ tokensPerSecond: 500, secondsLeft: 25, seconds: 2, scoreName: "accuracy", majorityScore: 0.5, merges: 0 },
  });
  expect(training.runs[1]).toMatchObject({ step: 90, losses: [0.5] });
  expect(training.runs[0]?.lane).not.toBe(training.runs[1]?.lane);
  expect(training.runs[2]).toBe(before.runs[2]);
  // Never less than a run of it has left, as shown.
  expect(training.progress).toMatchObject({ fraction: 0.3, secondsLeft: 25 });

  ingest(store, attempts, [say.started([A, B]), say.change([A], 2)]);
  addTag(store, "x", [A]);
  expect(later().runs[0]).toMatchObject({ step: 94, loss: 0.4, merges: 1, tags: ["x"], trainableParameters: 900 });

  model.event(bundle, say.finished([A], 3, 0.9));
  const ended = later(200).runs[0];
  expect(ended).toMatchObject({ state: "finished", lane: null, phase: null, score: 0.9, secondsLeft: null, merges: 1 });
  ingest(store, attempts, [say.finished([A], 3, 0.9)]);
  const stored = later().runs[0];
  expect(stored).toMatchObject({ state: "finished", score: 0.9, bestEpoch: 2, seconds: 60, tags: ["x"] });
  expect(later().runs[0]).toBe(stored);
  expect(source.matching("best_score > 0.8")).toEqual({ runs: new Set([A]) });
  expect(source.matching("running")).toEqual({ runs: new Set([B]) });
  source.close();
});

test("a run that another process trains shows its stored progress; one that is trained again shows none of the old", () => {
  const others = claimAll(store, cells.slice(0, 2));
  ingest(store, others, [
    say.started([A, B]),
    say.metrics([A, B], 2, 40, { loss: 0.3 }),
    { type: "stopped", seq: 3, cells: [B], step: 40 },
  ]);
  const { source, later } = opened();
  model.set([A], "elsewhere");
  expect(source.read().runs).toMatchObject([
    { state: "elsewhere", step: 40, loss: 0.3, losses: [0.3], seconds: expect.any(Number) },
    { state: "planned", step: 0, loss: null, losses: [] },
    { state: "planned" },
  ]);
  const bundle = model.begin(claimAll(store, cells.slice(1, 2)));
  model.event(bundle, say.started([B]));
  expect(later().runs[1]).toMatchObject({ state: "running", step: 0, loss: null });
  model.event(bundle, { type: "failed", seq: 3, cells: [B], error_type: "ValueError", message: "no", traceback: "" });
  expect(later().runs[1]).toMatchObject({ state: "failed", reason: "ValueError: no", lane: null });
  source.close();
});

test("a database that vanishes, or was never there, does not end a job", () => {
  const { source, later } = opened();
  source.read();
  store.close();
  rmSync(dbPath);
  const bundle = model.begin(new Map([[A, 1]]));
  model.event(bundle, progress([A], 10, 0.6));
  const data = later();
  expect(data.runs[0]).toMatchObject({ state: "running", step: 10, epochs: 2 });
  expect([source.timeline(A), source.curves(A)?.scores]).toEqual([expect.anything(), []]);
  source.close();

  const never = jobSource({ name: "j", experiment, dbPath: `${temp.folder}/no.db`, cells: planned }, () => ({
    ...{ model, log: LOG },
  }));
  expect(never.read().runs.map(({ state }) => state)).toEqual(["running", "planned", "planned"]);
  expect(never.timeline(A)).toBeNull();
  never.close();
});
