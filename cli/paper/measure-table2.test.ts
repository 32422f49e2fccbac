/** Table 2 of databases that were filled with the store's functions. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { shippedCatalog } from "../spec/catalog.js";
import { sampleClaim, sampleEvaluation, sampleItems, sampleResult } from "../store/fixtures/evaluation.js";
import { disposableFolder } from "../store/fixtures/sample.js";
import { evaluatedRuns } from "../store/read-evaluated.js";
import type { Store } from "../store/store.js";
import { finishEvaluation, recordSamples } from "../store/write.js";
import { PAPER_FORMATS } from "../views/paper/index.js";
import { paperStore, storeExperiment, type Told } from "./fixtures/stored.js";
import { measureTable, type TableQuestion } from "./measure-table.js";
import { paperTables } from "./reference.js";

const published = paperTables().tables.table2;
const LLAMA = "meta-llama/Llama-2-7b-hf";
const SCRIPT = { num_train_epochs: 3, batch_size: 16, gradient_accumulation_steps: 8, learning_rate: 3e-4 };

let temp: { folder: string; remove: () => void };
let store: Store;
beforeEach(() => {
  temp = disposableFolder();
  store = paperStore(temp.folder);
});
afterEach(() => {
  store.close();
  temp.remove();
});

const told = (method: Told["method"], seed = 42, changes: Partial<Told> = {}): Told => ({
  ...{ method, seed, best: 1.2, metric: "loss", task: "alpaca", model: LLAMA, train: SCRIPT, parameters: 33_554_432 },
  ...changes,
});

interface Score {
  benchmark?: string;
  protocol?: string;
  score: number;
  rows?: number;
  data_hash?: string;
}

function evaluate(
  run: string,
  { benchmark = "mmlu", protocol = "instructeval", score, rows = 2, data_hash = "d" }: Score,
) {
  const claimed = sampleClaim(store, run, { adapter_hash: run, benchmark, protocol, data_hash });
  if (!("folder" in claimed)) throw new Error(JSON.stringify(claimed));
  recordSamples(store, claimed.key, sampleItems(...Array.from({ length: rows }, () => 1)), 0);
  finishEvaluation(store, claimed.key, { ...sampleResult(rows), benchmark, score, standard_error: 0.0042 });
}

function measure(changes: Partial<TableQuestion> = {}) {
  const metrics = new Map(published.columns.map(({ task, metric }) => [task, metric]));
  return measureTable({
    ...{ name: "table2", table: published, runs: evaluatedRuns(store, "instructeval", metrics), model: LLAMA },
    ...{ score: "best", experiment: null, catalog: shippedCatalog(), audited: false },
    ...changes,
  });
}
const cellOf = (table: ReturnType<typeof measure>, row: string, task = "mmlu") =>
  table.rows.find(({ id }) => id === row)?.cells.find((cell) => cell.task === task);

test("the scores of a row are those of its runs' evaluations under the table's protocol, not the runs' own", () => {
  const [lora] = storeExperiment(store, "t", [told({ name: "lora", rank: 64 })]);
  evaluate(lora?.id ?? "", { score: 0.4564 });
  evaluate(lora?.id ?? "", { score: 0.9, protocol: "lm-eval" });
  const table = measure();
  expect(cellOf(table, "lora")).toMatchObject({
    ...{ measured: { n: 1, mean: expect.closeTo(45.64, 6) }, standard_error: expect.closeTo(0.42, 6) },
    trainable_parameters: 33_554_432,
  });
  expect(cellOf(table, "lora", "bbh")?.verdict).toBe("not run");
  const text = PAPER_FORMATS.text(table, null);
  expect(text).toContain("45.64 ± 0.42 se (1)");
  expect(text).toContain("under the protocol instructeval");
  expect(PAPER_FORMATS.csv(table, null)).toContain("standard_error");
});

test("LoRA's runs and QLoRA's are told apart by how the model was held", () => {
  const lora = { name: "lora", rank: 64 };
  const cells = storeExperiment(store, "t", [told(lora), told(lora, 42, { quantization: "nf4" })]);
  cells.forEach(({ id }, i) => {
    evaluate(id, { score: 0.45 + i / 100 });
  });
  const table = measure();
  expect(cellOf(table, "lora")?.measured).toMatchObject({ n: 1, mean: expect.closeTo(45, 6) });
  expect(cellOf(table, "qlora")?.measured).toMatchObject({ n: 1, mean: expect.closeTo(46, 6) });
});

test("the row of the untuned model is a run of the method none, whatever it would train with, and shares the model's scores", () => {
  const [none] = storeExperiment(store, "t", [
    told({ name: "none" }, 42, { train: { num_train_epochs: 1 }, parameters: 0 }),
  ]);
  sampleEvaluation(store, null, { adapter_hash: null, benchmark: "bbh" }); // `lor2c eval MODEL`
  evaluate(none?.id ?? "", { score: 0.4596 });
  const shared = sampleClaim(store, none?.id ?? "", { adapter_hash: null, benchmark: "bbh" });
  expect(shared).toMatchObject({ stored: { state: "finished" } });
  const table = measure();
  expect(cellOf(table, "base")).toMatchObject({ measured: { n: 1, mean: expect.closeTo(45.96, 6) } });
  expect(cellOf(table, "base", "bbh")?.measured).toMatchObject({ n: 1 });
  expect(table.notes.filter((note) => note.includes("trained with"))).toEqual([]);
});

test("of several evaluations of one run that with the most rows counts; a part of the benchmark's rows is no score of the paper", () => {
  const [lora] = storeExperiment(store, "t", [told({ name: "lora", rank: 64 })]);
  evaluate(lora?.id ?? "", { score: 0.5, rows: 3, data_hash: "three" });
  evaluate(lora?.id ?? "", { score: 0.4, rows: 2, data_hash: "two" });
  expect(cellOf(measure(), "lora")).toMatchObject({
    ...{ measured: { mean: 50 }, verdict: "not comparable", reason: "evaluated on 3 of 14042 rows" },
  });
});

test("in an experiment on another model a row takes its method's runs of any size", () => {
  const small = told({ name: "lor2c", rank: 8 }, 42, { model: "smollm2-135m" });
  const [lor2c] = storeExperiment(store, "small", [small]);
  evaluate(lor2c?.id ?? "", { score: 0.3 });
  expect(cellOf(measure({ model: "smollm2-135m", experiment: "small" }), "lor2c")?.measured).toMatchObject({ n: 1 });
  expect(cellOf(measure({ model: "smollm2-135m" }), "lor2c")?.measured).toBeNull();
});

test("BBH has all its rows in the paper too: a part of them gets no verdict", () => {
  const [lora] = storeExperiment(store, "t", [told({ name: "lora", rank: 64 })]);
  evaluate(lora?.id ?? "", { benchmark: "bbh", score: 0.324, rows: 3 });
  expect(cellOf(measure(), "lora", "bbh")).toMatchObject({
    ...{ verdict: "not comparable", reason: "evaluated on 3 of 6430 rows" },
  });
});

test("scores on other rows are not averaged, and a note says which rows of the table are not alike", () => {
  const lora = { name: "lora", rank: 64 };
  const cells = storeExperiment(store, "t", [
    told(lora, 1),
    told(lora, 2),
    told(lora, 3),
    told({ name: "lor2c", rank: 64 }),
  ]);
  const [one = "", two = "", three = "", other = ""] = cells.map(({ id }) => id);
  evaluate(one, { score: 0.4 });
  evaluate(two, { score: 0.5 });
  evaluate(three, { score: 0.9, rows: 3, data_hash: "other" });
  evaluate(other, { score: 0.6, rows: 3, data_hash: "other" });
  const table = measure();
  expect(cellOf(table, "lora")?.measured).toMatchObject({ n: 2, mean: expect.closeTo(45, 6) });
  expect(table.notes).toContain(
    "MMLU: not all are scored on the same rows with the same settings: LoRA on 2 rows; LoR2C on 3 rows",
  );
  expect(table.notes).toContainEqual(expect.stringContaining("not shown: other evaluation"));
});

test("scores of an adapter that was trained anew since do not count", () => {
  const [lora] = storeExperiment(store, "t", [told({ name: "lora", rank: 64 })]);
  const id = lora?.id ?? "";
  evaluate(id, { score: 0.4 });
  const insert = store.prepare(
    `INSERT INTO artifacts (attempt, path, kind, bytes, sha256)
     SELECT attempt_id, 'runs/' || run || '/attempt-1/adapter', 'adapter', 1, ? FROM v_runs WHERE run = ?`,
  );
  insert.run("new", id);
  expect(cellOf(measure(), "lora")?.measured).toBeNull();
  store.prepare("UPDATE artifacts SET sha256 = ?").run(id);
  expect(cellOf(measure(), "lora")?.measured).toMatchObject({ n: 1 });
});

test("training like the script has no note, whatever the cut into micro-batches; other settings are named once for all columns", () => {
  const [lora, lor2c] = storeExperiment(store, "t", [
    told({ name: "lora", rank: 64 }),
    told({ name: "lor2c", rank: 64 }, 42, { train: { ...SCRIPT, num_train_epochs: 1 } }),
  ]);
  for (const benchmark of ["mmlu", "bbh"]) {
    for (const run of [lora, lor2c]) evaluate(run?.id ?? "", { benchmark, score: 0.4 });
  }
  const trained = measure().notes.filter((note) => note.includes("trained with"));
  expect(trained).toEqual([
    expect.stringMatching(/^MMLU, BBH \(LoR2C\): trained with num_train_epochs 1 \(script: 3\)/),
  ]);
});
