import { afterEach, beforeEach, expect, test } from "vitest";
import { sampleEvaluation } from "./fixtures/evaluation.js";
import { claimedStore, disposableFolder, sampleCell, sampleEvents as say } from "./fixtures/sample.js";
import { columnsFor, listRuns, parseColumn, readColumns } from "./read.js";
import type { Store } from "./store.js";
import { parseColumns } from "./value-column.js";
import { ingest } from "./write.js";

const DONE = "a".repeat(16);
const RUNNING = "b".repeat(16);
const PLANNED = "c".repeat(16);
let temp: { folder: string; remove: () => void };
let store: Store;
beforeEach(() => {
  temp = disposableFolder();
  const cells = [DONE, RUNNING, PLANNED].map((id, at) =>
    sampleCell(id, { seed: at, ...(id === RUNNING && { method: { name: "full", nested: { deep: false } } }) }),
  );
  const { attempts, ...claimed } = claimedStore(temp.folder, cells);
  store = claimed.store;
  const both = [DONE, RUNNING];
  ingest(
    store,
    attempts,
    [
      say.ready(),
      say.started(both),
      say.metrics(both, 2, 90, { loss: 0.9 }),
      say.metrics(both, 3, 94, { accuracy: 0.7, loss: 0.6, f1: 0.1 }, "eval"),
      say.metrics(both, 4, 180, { loss: 0.3 }),
      say.metrics(both, 5, 188, { accuracy: 0.6, loss: 0.8, f1: null }, "eval"),
      { ...say.finished([DONE], 6, 0.7), best_epoch: 1, last_score: 0.6 },
    ],
    null,
  );
});
afterEach(() => {
  store.close();
  temp.remove();
});

/** Of the finished, the running and the planned run. */
const read = (text: string) => {
  const runs = listRuns(store).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return readColumns(store, runs, [parseColumn(text)]).map(([value]) => value);
};

test.each<[string, unknown[]]>([
  ["score", [0.7, 0.7, null]],
  ["accuracy", [0.7, 0.7, null]],
  ["accuracy@best", [0.7, 0.7, null]],
  ["accuracy@last", [0.6, 0.6, null]],
  ["accuracy@2", [0.6, 0.6, null]],
  ["accuracy@3", [null, null, null]],
  ["last:accuracy", [0.6, 0.6, null]],
  ["first:accuracy", [0.7, 0.7, null]],
  ["best:loss", [0.6, 0.6, null]],
  ["max:loss", [0.8, 0.8, null]],
  ["last:f1", [null, null, null]],
  ["best:f1", [0.1, 0.1, null]],
  ["last:train/loss", [0.3, 0.3, null]],
  // the line of the log before the end of the best epoch
  ["train/loss@best", [0.9, 0.9, null]],
  ["params", [900, 1000, 1000]],
  ["seconds", [50, null, null]],
  ["run", [DONE, RUNNING, PLANNED]],
  ["state", ["finished", "running", "running"]],
  ["method.rank", [8, null, 8]],
  ["method.nested.deep", [null, false, null]],
  ["method.nested", [null, '{"deep":false}', null]],
  ["method.targets", ['["query","value"]', null, '["query","value"]']],
  ["train.max_steps", [null, null, null]],
])("%s", (text, expected) => {
  expect(read(text)).toEqual(expected);
});

test("several columns, with headings of one's own", () => {
  const columns = parseColumns(" best:accuracy ,method.rank  as r , params");
  expect(columns.map(({ key, heading, better }) => [key, heading, better])).toEqual([
    ["best:accuracy", "best:accuracy", "higher"],
    ["method.rank", "r", null],
    ["params", "params", "lower"],
  ]);
});

test.each(["", "best:", "accuracy@", "accuracy@soon", "most:accuracy", "a b", "x as ", "dev/loss", "score,", "eval:"])(
  "%j is no column",
  (text) => expect(() => parseColumns(text)).toThrow(/is not a column/),
);

test("a stored name with blanks, an @, a dot or a colon is that metric, and can have an end or a moment", () => {
  // as if the worker had named its metrics so
  const rename = (from: string, to: string) => {
    for (const table of ["metrics", "metric_summaries"]) {
      store.db.prepare(`UPDATE ${table} SET name = ? WHERE split = 'eval' AND name = ?`).run(to, from);
    }
  };
  const all = (text: string) => {
    const runs = listRuns(store).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const columns = columnsFor(store, runs, text);
    return [columns.map(({ heading }) => heading), readColumns(store, runs, columns)[0]];
  };
  // nothing is called so yet: the loss after epoch 2
  expect(all("loss@2")).toEqual([["loss@2"], [0.8]]);
  rename("loss", "loss@2");
  rename("f1", "f 1.a:b");
  expect(all("loss@2, last:loss@2, loss@2@2 as x")).toEqual([
    ["loss@2", "last:loss@2", "x"],
    [0.6, 0.8, 0.8],
  ]);
  expect(all("f 1.a:b, best:f 1.a:b as F")).toEqual([
    ["f 1.a:b", "F"],
    [0.1, 0.1],
  ]);
});

test("a benchmark's scores are of one protocol, on the same rows: what most runs have", () => {
  sampleEvaluation(store, DONE, { adapter_hash: "1" });
  sampleEvaluation(store, RUNNING, { adapter_hash: "2" });
  sampleEvaluation(store, PLANNED, { adapter_hash: "3", data_hash: "other rows" });
  expect(read("eval:mmlu").map((score) => score !== null)).toEqual([true, true, false]);
  expect(() => read("eval:bbh")).toThrow(/none of these runs has been evaluated on bbh/);
});

test("a column that stands twice is an error", () => {
  expect(() => parseColumns("score, params, score as again")).toThrow(/the column score stands twice/);
});

test.each([
  ["acuracy", /none of these runs has measured acuracy/],
  ["last:train/accuracy", /on its train rows/],
  ["method.merge", /none of these runs has the setting method.merge/],
])("%s: a name that no run has is an error, not an empty column", (text, message) => {
  expect(() => read(text)).toThrow(message);
});
