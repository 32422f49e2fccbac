import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { evaluatorOf } from "./evaluations.js";
import { sampleClaim, sampleEvaluation, sampleItems, sampleResult } from "./fixtures/evaluation.js";
import { claimedStore, sampleCell } from "./fixtures/sample.js";
import { countSamples, evaluationsOf, getEvaluation, samplesOf } from "./read.js";
import type { Store } from "./store.js";
import { endAttempt, finishEvaluation, keepEvaluations, leaveEvaluations, recordSamples, removeRuns } from "./write.js";

const A = "a".repeat(16);
const B = "b".repeat(16);

let store: Store;
beforeEach(() => {
  const claimed = claimedStore(tempFolder(), [sampleCell(A), sampleCell(B, { seed: 2 })]);
  store = claimed.store;
  for (const attempt of claimed.attempts.values()) endAttempt(store, attempt, "stopped");
});

const count = (table: string) => store.prepare(`SELECT count(*) FROM ${table}`).pluck().get();

test("what is evaluated once is not evaluated again; another run with the same adapter gets its scores", () => {
  const key = sampleEvaluation(store, A);
  expect(sampleClaim(store, B)).toMatchObject({ stored: { key, state: "finished", score: 0.2541 } });
  expect([evaluationsOf(store, A), evaluationsOf(store, B)].map((rows) => rows.map((row) => row.key))).toEqual([
    [key],
    [key],
  ]);
  expect(sampleClaim(store, A, { settings_hash: "other" })).toMatchObject({ folder: expect.any(String) });
});

test("rows that are told again are stored once, and a result needs all of its rows", () => {
  const claimed = sampleClaim(store, A) as { key: string; folder: string };
  recordSamples(store, claimed.key, sampleItems(1, 0), 0);
  recordSamples(store, claimed.key, sampleItems(1, 0), 0);
  expect(() => finishEvaluation(store, claimed.key, sampleResult(3))).toThrow("2 of 3 rows of mmlu are stored");
  expect(getEvaluation(store, claimed.key)).toMatchObject({ state: "unfinished", score: null });
  // Another process goes on: the worker tells the rows of samples.jsonl again.
  leaveEvaluations(store, [claimed.key], "it failed");
  expect(getEvaluation(store, claimed.key)).toMatchObject({ state: "failed", message: "it failed" });
  expect(sampleClaim(store, A)).toEqual(claimed);
  expect(count("samples")).toBe(0);
  recordSamples(store, claimed.key, sampleItems(1, 0, 0.5), 0);
  finishEvaluation(store, claimed.key, sampleResult(3));
  leaveEvaluations(store, [claimed.key], "too late");
  expect(getEvaluation(store, claimed.key)).toMatchObject({ state: "finished", rows: 3, message: null });
});

test("an evaluation in another living process is busy; one whose process is gone is taken over", () => {
  const { key } = sampleClaim(store, A) as { key: string };
  const owner = (pid: number) =>
    store
      .prepare("UPDATE evaluations SET owner = json_set(owner, '$.pid', ?, '$.started', ?) WHERE key = ?")
      .run(pid, pid === 1 ? "boot" : "never", key);
  owner(1);
  const elsewhere = store.prepare("UPDATE evaluations SET owner = json_set(owner, '$.host', 'far'), lease_until = ?");
  elsewhere.run("9999");
  expect(sampleClaim(store, A)).toEqual({ busy: "process 1 on far" });
  expect(() => removeRuns(store, [A])).toThrow("is being evaluated by process 1 on far");
  elsewhere.run("2000");
  expect(evaluatorOf(store, A)).toBeNull();
  expect(sampleClaim(store, A)).toMatchObject({ key });
});

test("a lease is renewed for the process that has the evaluation, and only that one gives it up", () => {
  const { key } = sampleClaim(store, A) as { key: string };
  const lease = () => store.prepare("SELECT lease_until FROM evaluations WHERE key = ?").pluck().get(key) as string;
  store.prepare("UPDATE evaluations SET lease_until = '2000'").run();
  keepEvaluations(store, [key]);
  expect(lease() > new Date().toISOString()).toBe(true);
  store.prepare("UPDATE evaluations SET lease_until = '2000', owner = 'another'").run();
  keepEvaluations(store, [key]);
  leaveEvaluations(store, [key], "it failed here");
  expect([lease(), getEvaluation(store, key)?.state]).toEqual(["2000", "unfinished"]);
});

test("rm takes a run's evaluations and their files with it; those of untuned models and of other runs stay", () => {
  const own = sampleClaim(store, A, { data_hash: "own" }) as { key: string; folder: string };
  writeFileSync(join(own.folder, "samples.jsonl"), "{}\n");
  const shared = sampleEvaluation(store, A);
  sampleClaim(store, B); // the same adapter
  const untuned = sampleEvaluation(store, A, { adapter_hash: null });
  const [folder] = [getEvaluation(store, untuned)?.folder ?? ""];
  expect([own.folder, folder]).toEqual([
    join(store.results.ofRun(A), "evaluations", own.key),
    join(store.folder, "runs", "models", untuned),
  ]);
  leaveEvaluations(store, [own.key], null);
  mkdirSync(folder, { recursive: true });
  removeRuns(store, [A]);
  expect(getEvaluation(store, own.key)).toBeUndefined();
  expect([existsSync(own.folder), existsSync(folder)]).toEqual([false, true]);
  expect([getEvaluation(store, shared)?.state, getEvaluation(store, untuned)?.state]).toEqual(["finished", "finished"]);
  removeRuns(store, [B]);
  expect(getEvaluation(store, shared)).toBeUndefined();
  expect([count("samples"), count("evaluation_runs")]).toEqual([2, 0]);
});

test("samples: wrong ones first, filters, and how many there are", () => {
  sampleEvaluation(store, A);
  sampleEvaluation(store, A, { benchmark: "bbh" });
  const rows = samplesOf(store, A, { limit: null });
  expect(rows.map(({ benchmark, row, right }) => [benchmark, row, right])).toEqual([
    ["bbh", "anatomy/1", 0],
    ["mmlu", "anatomy/1", 0],
    ["bbh", "anatomy/0", 1],
    ["mmlu", "anatomy/0", 1],
  ]);
  expect(samplesOf(store, A, { limit: 1, wrong: true, benchmark: "mmlu" })).toHaveLength(1);
  expect(samplesOf(store, A, { limit: null, task: "none" })).toEqual([]);
  expect(countSamples(store, A, { benchmark: "mmlu" })).toEqual({
    rows: 2,
    right: 1,
    matched_evaluations: 1,
    matched_benchmarks: 1,
  });
  expect(countSamples(store, A, { wrong: true })).toEqual({
    rows: 2,
    right: 0,
    matched_evaluations: 2,
    matched_benchmarks: 2,
  });
  expect(getEvaluation(store, rows[1]?.evaluation ?? "")?.notes).toEqual([expect.stringContaining("fewer shots")]);
});
