import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunForecast } from "../plan/forecast/forecast.js";
import { exactly, within } from "../plan/forecast/range.js";
import { claimAll, claimedStore, disposableFolder, sampleCell, sampleEvents } from "./fixtures/sample.js";
import { getAttempts, getForecast, measuredTrainings } from "./read.js";
import type { Store } from "./store.js";
import { endAttempt, ingest, recordForecasts, removeRuns } from "./write.js";

const [A, B] = [sampleCell("a".repeat(16)), sampleCell("b".repeat(16), { seed: 2 })];
let temp: ReturnType<typeof disposableFolder>;
let store: Store;
let attempts: Map<string, number>;
beforeEach(() => {
  temp = disposableFolder();
  ({ store, attempts } = claimedStore(temp.folder, [A, B]));
});
afterEach(() => {
  store.close();
  temp.remove();
});

const forecast = (id: string, seconds = 10): RunForecast => ({
  id,
  seconds: within(seconds, 2),
  secondsBasis: { kind: "alike", trainings: 3 },
  disk: 800.4,
  memory: exactly(1000.6),
  memoryBasis: { kind: "rule", trainings: 0 },
  trainWork: 1e12,
});

/** Trains both runs together, to the end. */
function train(resumed_step: number | null = null): void {
  const ids = [A.id, B.id];
  const { ready, started, tree, finished } = sampleEvents;
  ingest(store, attempts, [ready(), { ...started(ids), resumed_step }, tree(ids, 2), finished(ids, 3)], null);
}

test("a forecast is stored, replaced by a newer one, and deleted with its run", () => {
  recordForecasts(store, [forecast(A.id)]);
  expect(getForecast(store, A.id)).toMatchObject({
    ...{ seconds: 10, seconds_low: 5, seconds_high: 20, seconds_basis: "alike", seconds_trainings: 3 },
    ...{ disk_bytes: 800, memory: 1001, memory_basis: "rule", train_work: 1e12 },
  });
  recordForecasts(store, [forecast(A.id, 30)]);
  expect(getForecast(store, A.id)?.seconds).toBe(30);
  expect(getForecast(store, B.id)).toBeUndefined();
  for (const id of attempts.values()) endAttempt(store, id, "stopped");
  removeRuns(store, [A.id]);
  expect(getForecast(store, A.id)).toBeUndefined();
});

test("a training of several runs is one row, with the work that was forecast", () => {
  recordForecasts(store, [forecast(A.id), forecast(B.id)]);
  expect(measuredTrainings(store)).toEqual([]);
  train();
  expect(measuredTrainings(store)).toMatchObject([
    {
      ...{ model: "tiny", task: "some-task", method: "some-method", precision: "fp32", device: "a processor" },
      ...{ runs: 2, lanes: 2, lane_epochs: 3, train_seconds: 10, evaluate_seconds: 1, other_seconds: 20 },
      ...{ run_train_seconds: 50, train_work: 1e12, peak_memory: 1_000_000, train_rows: 3000, max_length: 256 },
    },
  ]);
});

test("a training that stopped early did only a part of the work that was forecast", () => {
  recordForecasts(store, [forecast(A.id), forecast(B.id)]);
  const ids = [A.id, B.id];
  const { ready, started, metrics, tree, finished } = sampleEvents;
  const evaluated = metrics(ids, 2, 47, { accuracy: 0.5 }, "eval");
  ingest(store, attempts, [ready(), started(ids), evaluated, tree(ids, 3), finished(ids, 4)], null);
  expect(measuredTrainings(store)).toMatchObject([{ train_work: 2.5e11 }]);
});

test("a training without a forecast has no work; a resumed training is no measure of time", () => {
  train();
  expect(measuredTrainings(store)).toMatchObject([{ train_work: null }]);
  attempts = claimAll(store, [A, B], true);
  train(4);
  expect(measuredTrainings(store)).toHaveLength(1);
});

test("an attempt's disk space is the size of its folder when it ends", () => {
  const [first] = getAttempts(store, A.id);
  if (!first) throw new Error("the run has an attempt");
  mkdirSync(join(first.folder, "adapter"));
  writeFileSync(join(first.folder, "adapter", "weights"), "x".repeat(1234));
  train();
  expect([A, B].map(({ id }) => getAttempts(store, id)[0]?.disk_bytes)).toEqual([1234, 0]);
});
