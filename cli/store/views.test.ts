import { afterEach, beforeEach, expect, test } from "vitest";
import { claimAll, claimedStore, disposableFolder, sampleCell, sampleEvents as say } from "./fixtures/sample.js";
import { findRun, listRuns } from "./read.js";
import type { Store } from "./store.js";
import { endAttempt, ingest, registerExperiment } from "./write.js";

const cell = (digit: string, seed: number, method = "one") =>
  sampleCell(digit.repeat(16), { seed, method: { name: method } });
const CELLS = [cell("a", 1), cell("b", 2), cell("c", 2, "two"), cell("d", 3, "two"), cell("e", 3), cell("f", 1)];

let temp: { folder: string; remove: () => void };
let store: Store;
let attempts: Map<string, number>;
beforeEach(() => {
  temp = disposableFolder();
  ({ store, attempts } = claimedStore(temp.folder, CELLS));
});
afterEach(() => {
  store.close();
  temp.remove();
});

function finish(digit: string, best: number, evalRows = 1000): void {
  const id = digit.repeat(16);
  ingest(store, attempts, [{ ...say.started([id]), eval_rows: evalRows }, say.finished([id], 5, best)]);
}

test("v_best has the best run of each group, with the group's runs, seeds and mean; other data rows make another group", () => {
  finish("a", 0.7);
  finish("b", 0.9);
  finish("f", 0.8); // seed 1 again, with other settings
  finish("c", 0.6);
  finish("e", 0.99, 10);
  const rows = store.db
    .prepare(
      "SELECT method, eval_rows, substr(run, 1, 1), best_score, runs, seeds, round(mean_best_score, 6) FROM v_best ORDER BY 1, 2",
    )
    .raw()
    .all();
  expect(rows).toEqual([
    ["one", 10, "e", 0.99, 1, 1, 0.99],
    ["one", 1000, "b", 0.9, 3, 2, 0.8],
    ["two", 1000, "c", 0.6, 1, 1, 0.6],
  ]);
});

test("v_best keeps rows of other content apart, also where there are as many", () => {
  finish("a", 0.7);
  finish("b", 0.9);
  const best = () => store.db.prepare("SELECT substr(run, 1, 1), data, runs FROM v_best ORDER BY run").raw().all();
  expect(best()).toEqual([["b", "bb", 2]]);
  store.db.prepare("UPDATE run_fingerprints SET value = 'cc' WHERE name = 'data' AND run LIKE 'a%'").run();
  expect(best()).toEqual([
    ["a", "cc", 1],
    ["b", "bb", 1],
  ]);
});

test("v_best and the optimism of v_runs follow the direction of the score", () => {
  const error = (digit: string, best: number, change: object = {}) => {
    const id = digit.repeat(16);
    const [named, of] = [{ score_name: "mse" }, { score_name: "mse", eval_best_score: best, ...change }];
    ingest(store, attempts, [
      { ...say.started([id]), ...named },
      { ...say.finished([id], 5, best), ...of },
    ]);
  };
  error("a", 2);
  error("b", 0.5, { chosen_on: "holdout", eval_best_score: 0.25 });
  const best = store.db.prepare("SELECT substr(run, 1, 1), best_score, runs FROM v_best").raw().all();
  expect(best).toEqual([["b", 0.5, 2]]);
  expect(store.db.prepare("SELECT optimism FROM v_runs WHERE optimism IS NOT NULL").pluck().all()).toEqual([0.25]);
  expect(findRun(store, "@best").id[0]).toBe("b");
});

test("a best epoch within an epoch is a real number in v_runs, v_best and @best", () => {
  const id = "a".repeat(16);
  ingest(store, attempts, [
    say.started([id]),
    { ...say.finished([id], 2, 0.8), best_epoch: 1.25, eval_best_epoch: 0.5 },
  ]);
  for (const view of ["v_runs", "v_best"]) {
    expect(store.db.prepare(`SELECT best_epoch FROM ${view} WHERE run = ?`).pluck().get(id), view).toBe(1.25);
  }
  expect(store.db.prepare("SELECT eval_best_epoch FROM v_runs WHERE run = ?").pluck().get(id)).toBe(0.5);
  expect(findRun(store, "@best").best_epoch).toBe(1.25);
});

test("own rows are compared only with rows of the same place and label", () => {
  const at = (digit: string, path: string, label: string) => {
    const { settings, ...rest } = cell(digit, 1, "one");
    const columns = { text: "t", text_pair: null, label, separator: " " };
    return {
      ...rest,
      settings: { ...settings, task: { name: "classify" }, data: { ...settings.data, path, columns } },
    };
  };
  const own = [at("1", "/a.csv", "x"), at("2", "/a.csv", "x"), at("3", "/a.csv", "y"), at("4", "/b.csv", "x")];
  registerExperiment(store, { name: "own", specFile: null, specText: "", cells: own as never });
  for (const [id, attempt] of claimAll(store, own as never)) attempts.set(id, attempt);
  own.forEach(({ id }, i) => {
    finish(id[0] ?? "", 0.9 - i / 10);
  });
  const best = "SELECT substr(run, 1, 1), own_rows, runs FROM v_best WHERE task = 'classify' ORDER BY 1";
  expect(store.db.prepare(best).raw().all()).toEqual([
    ["1", "/a.csv x", 2],
    ["3", "/a.csv y", 1],
    ["4", "/b.csv x", 1],
  ]);
  expect(findRun(store, "@best").id[0]).toBe("4");
});

test("v_runs has the optimism where held-out rows chose, the score of the fixed epoch, and whether the run collapsed", () => {
  const [a, b] = ["a".repeat(16), "b".repeat(16)];
  const at = (id: string, seq: number, step: number, accuracy: number) =>
    say.metrics([id], seq, step, { accuracy, loss: 1 }, "eval");
  const held = { chosen_on: "holdout", chosen_score: 0.75, eval_best_score: 0.8, eval_best_epoch: 1 } as const;
  ingest(store, attempts, [
    say.started([a, b]),
    at(a, 2, 94, 0.8),
    at(a, 3, 188, 0.7),
    { ...say.metrics([a], 4, 188, { accuracy: 0.9 }), split: "holdout" },
    { ...say.finished([a], 5, 0.7), ...held, collapsed: true },
    say.finished([b], 6, 0.7),
  ]);
  const columns =
    "chosen_on, chosen_score, eval_best_score, eval_best_epoch, round(optimism, 6), collapsed, fixed_score";
  const row = (id: string) => store.db.prepare(`SELECT ${columns} FROM v_runs WHERE run = ?`).raw().get(id);
  expect(row(a)).toEqual(["holdout", 0.75, 0.8, 1, 0.1, 1, null]);
  expect(row(b)).toEqual(["eval", 0.7, 0.7, 2, null, 0, null]);
  // The newest plan sets the epoch, and a finished run is not trained again for that.
  const plan = (report_epoch: number | null) => {
    const planned = cell("a", 1);
    planned.settings.train.report_epoch = report_epoch;
    registerExperiment(store, { name: "again", specFile: null, specText: "", cells: [planned] });
    return store.db.prepare("SELECT state, report_epoch, fixed_score FROM v_runs WHERE run = ?").raw().get(a);
  };
  expect(plan(2)).toEqual(["finished", 2, 0.7]);
  expect(plan(1)).toEqual(["finished", 1, 0.8]);
  expect(plan(3)).toEqual(["finished", 3, null]);
  expect(plan(null)).toEqual(["finished", null, null]);
  expect(listRuns(store, { epoch: 1 }).find((run) => run.id === a)?.epoch_score).toBe(0.8);
  expect(listRuns(store, { epoch: 1 }).find((run) => run.id === b)?.epoch_score).toBeNull();
});

test("v_runs and v_metrics follow the current attempt: the newest finished one, or the newest if none is finished", () => {
  const id = "a".repeat(16);
  const current = () =>
    store.db.prepare("SELECT attempt, state, running_attempt FROM v_runs WHERE run = ?").raw().get(id);
  const values = () => store.db.prepare("SELECT attempt, value FROM v_metrics WHERE run = ?").raw().all(id);
  const again = (loss: number) => {
    attempts = claimAll(store, [cell("a", 1)], true);
    ingest(store, attempts, [say.metrics([id], 1, 10, { loss })]);
  };
  ingest(store, attempts, [say.metrics([id], 1, 10, { loss: 1 })]);
  expect(current()).toEqual([1, "running", 1]);
  endAttempt(store, attempts.get(id) as number, "failed");
  again(2);
  expect([current(), values()]).toEqual([[2, "running", 2], [[2, 2]]]);
  finish("a", 0.5);
  again(3);
  expect([current(), values()]).toEqual([[2, "finished", 3], [[2, 2]]]);
  endAttempt(store, attempts.get(id) as number, "stopped");
  expect(current()).toEqual([2, "finished", null]);
  again(4);
  finish("a", 0.4);
  expect([current(), values()]).toEqual([[4, "finished", null], [[4, 4]]]);
});

test("v_settings has a row for every setting, with its type", () => {
  const rows = store.db
    .prepare(
      "SELECT key, value, type FROM v_settings WHERE run = ? AND key IN ('seed', 'train.learning_rate', 'method.name', 'train.max_steps')",
    )
    .raw()
    .all("b".repeat(16));
  expect(new Map(rows.map((row) => [(row as unknown[])[0], row]))).toEqual(
    new Map([
      ["seed", ["seed", 2, "integer"]],
      ["train.learning_rate", ["train.learning_rate", 0.002, "real"]],
      ["method.name", ["method.name", "one", "text"]],
      ["train.max_steps", ["train.max_steps", null, "null"]],
    ]),
  );
});
