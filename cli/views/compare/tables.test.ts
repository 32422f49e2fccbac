import { afterEach, beforeEach, expect, test } from "vitest";
import { tableFile } from "../../export/table-file.js";
import { disposableFolder } from "../../store/fixtures/sample.js";
import { listRuns } from "../../store/read.js";
import type { Store } from "../../store/store.js";
import type { CompareData } from "./data.js";
import { storeOf } from "./fixtures/stored.js";
import { loadCompare } from "./load.js";
import { compareForPeople, compareTable } from "./tables.js";

let temp: { folder: string; remove: () => void };
let store: Store;
let data: CompareData;
beforeEach(() => {
  temp = disposableFolder();
  const lora = { label: "a|b_c", seed: 1, method: { name: "lora", rank: 8 } };
  store = storeOf(temp.folder, [
    { ...lora, scores: [0.7, 0.8] },
    { ...lora, seed: 2, scores: [0.7, 0.9] },
    { ...lora, seed: 3, scores: [0.7, 0.95], unfinished: true },
    { label: "full", seed: 1, method: { name: "full" }, scores: [0.7, 0.75] },
  ]);
  data = loadCompare(store, { of: "", runs: listRuns(store), columns: "score, state, method.rank, params" });
});
afterEach(() => {
  store.close();
  temp.remove();
});

test("for programs every number, and how many runs are finished", async () => {
  const [head, ...rows] = String(await tableFile(compareTable(data), "csv"))
    .trim()
    .split("\r\n");
  const keys = head?.split(",") ?? [];
  const at = (row: string | undefined, key: string) => row?.split(",")[keys.indexOf(key)];
  expect(keys.filter((key) => /^(score|state|method|params)/.test(key))).toEqual([
    ...[
      "score_name",
      "score",
      "score_low",
      "score_high",
      "score_sd",
      "score_n",
      "score_change",
      "state",
      "method.rank",
    ],
    ...["params", "params_low", "params_high", "params_sd", "params_n", "params_change"],
  ]);
  expect(new Set(keys).size).toBe(keys.length);
  expect(rows.map((row) => [at(row, "name"), at(row, "seeds"), at(row, "finished"), at(row, "score_n")])).toEqual([
    ["a|b_c", "3", "2", "2"],
    ["full", "1", "1", "1"],
  ]);
  expect(Number(at(rows[0], "score"))).toBeCloseTo(0.85, 12);
  expect(at(rows[1], "verdict")).toBe("refused");
});

test("for documents what the text has, escaped", async () => {
  expect(await tableFile(compareForPeople(data), "markdown")).toContain(
    "| a\\|b\\_c | **0.8500 ± 0.6353** | finished, running | 8 | 900 | 2 of 3 |",
  );
  expect(await tableFile(compareForPeople(data), "latex")).toContain(
    "a\\textbar{}b\\_c & \\textbf{0.8500 $\\pm$ 0.6353} &",
  );
});

test("a column that the table has already gets another name, so that none is lost in JSON or Parquet", async () => {
  const again = loadCompare(store, { of: "", runs: listRuns(store), columns: "score, task" });
  const [first] = JSON.parse(String(await tableFile(compareTable(again), "json")));
  expect(first).toMatchObject({ task: "some-task", task_2: "some-task" });
});

test("rows that are not compared say why, for programs and in documents", async () => {
  store.close();
  temp.remove();
  temp = disposableFolder();
  const lora = { label: "lora", seed: 1, method: { name: "lora", rank: 8 } };
  store = storeOf(temp.folder, [
    { ...lora, scores: [0.7, 0.8] },
    { ...lora, seed: 2, scores: [0.7, 0.9], split_seed: 7 },
    { ...lora, seed: 3, scores: [0.7, 0.95] },
  ]);
  const apart = loadCompare(store, { of: "", runs: listRuns(store).toReversed() });
  expect(await tableFile(compareForPeople(apart), "markdown")).toContain(
    "| some-task: accuracy on 1,000 rows (rows drawn with data.split\\_seed 7, not 0) | lora |",
  );
  expect(await tableFile(compareTable(apart), "csv")).toContain(',"rows drawn with data.split_seed 7, not 0",');
});
