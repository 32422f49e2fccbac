/** Table 1 of databases that were filled with the store's functions. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { shippedCatalog } from "../spec/catalog.js";
import type { Items } from "../stats/items.js";
import { disposableFolder } from "../store/fixtures/sample.js";
import { comparableRuns } from "../store/read-comparable.js";
import type { Store } from "../store/store.js";
import { paperStore, storeExperiment, type Told } from "./fixtures/stored.js";
import { measureTable, type TableQuestion } from "./measure-table.js";
import { paperTables } from "./reference.js";

const lora = { name: "lora", rank: 8 };
const TASKS = ["sst2", "mrpc", "cola", "qnli", "rte", "stsb"];
const published = paperTables().tables.table1;

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

const seeds = (run: Omit<Told, "seed">, ...best: number[]): Told[] =>
  best.map((score, i) => ({ ...run, seed: 17 + i, best: score }));

function measure(changes: Partial<TableQuestion> = {}) {
  return measureTable({
    name: "table1",
    table: published,
    runs: comparableRuns(store, TASKS),
    model: published.model,
    score: "best",
    experiment: null,
    catalog: shippedCatalog(),
    audited: true,
    ...changes,
  });
}
function cellOf(table: ReturnType<typeof measure>, row: string, task = "mrpc") {
  const cell = table.rows.find(({ id }) => id === row)?.cells.find((one) => one.task === task);
  if (!cell) throw new Error(`no cell ${row} ${task}`);
  return cell;
}

test("an empty database: every cell is published and not run", () => {
  const table = measure();
  for (const row of table.rows) for (const cell of row.cells) expect(cell.verdict).toBe("not run");
  expect(table.rows.find(({ id }) => id === "lora")?.average).toMatchObject({ published: 85.2, measured: null });
  expect(table.notes).toEqual(["no runs of FacebookAI/roberta-base on these tasks"]);
});

test("stored runs give each verdict", () => {
  storeExperiment(store, "t", [
    ...seeds({ method: lora }, 0.8968, 0.897, 0.8972),
    ...seeds({ method: { name: "pissa", rank: 8 } }, 0.88, 0.881, 0.882),
    ...seeds({ method: { name: "dylora", rank: 8 } }, 0.88, 0.9, 0.91),
    ...seeds({ method: { name: "full" } }, 0.902, 0.902),
  ]);
  const table = measure();
  const verdicts = ["lora", "pissa", "dylora", "ff", "adalora"].map((row) => cellOf(table, row).verdict);
  expect(verdicts).toEqual(["reproduced", "differs", "underpowered", "underpowered", "not run"]);
  expect(cellOf(table, "lora")).toMatchObject({
    published: 89.7,
    measured: { n: 3, mean: expect.closeTo(89.7, 6), low: expect.closeTo(89.6503, 4) },
    gap: expect.closeTo(0.2, 6),
    trainable_parameters: 294_912,
    experiment: "t",
  });
  expect(cellOf(table, "lora").scores.map(({ seed }) => seed)).toEqual([17, 18, 19]);
  expect(cellOf(table, "ff").reason).toBe("2 of at least 3 seeds");
  expect(table.notes).toEqual([]);
});

test("a row is a method and its size: other sizes are in no cell, and the two rows of AdptD are distinct", () => {
  const adapter = (style: string, bottleneck: number) => ({ name: "adapter", style, bottleneck });
  storeExperiment(store, "t", [
    ...seeds({ method: { name: "lora", rank: 4 } }, 0.8),
    ...seeds({ method: adapter("pfeiffer", 16) }, 0.81),
    ...seeds({ method: adapter("houlsby", 24) }, 0.82),
  ]);
  const table = measure();
  expect(cellOf(table, "lora").verdict).toBe("not run");
  expect(cellOf(table, "adptd-0.3m").measured?.mean).toBeCloseTo(81, 6);
  expect(cellOf(table, "adptd-0.9m").measured?.mean).toBeCloseTo(82, 6);
  expect(table.notes).toEqual([
    "runs of these tasks that have no row in the table, because of another method, size or quantisation: 1 (lora)",
  ]);
});

test("runs of different numerics are never averaged; a note names both", async () => {
  storeExperiment(store, "old", seeds({ method: lora, numerics: 1 }, 0.7, 0.71));
  await new Promise((done) => setTimeout(done, 5));
  storeExperiment(store, "new", seeds({ method: lora, numerics: 2 }, 0.9, 0.9, 0.9));
  const table = measure();
  expect(cellOf(table, "lora")).toMatchObject({ experiment: "new", measured: { n: 3 } });
  expect(table.notes).toEqual([
    "MRPC LoRA: several settings fit. Shown: numerics 2 (experiment new); " +
      "not shown: numerics 1 (experiment old, 2 finished)",
  ]);
});

test("several settings fit one cell: the newest experiment's are shown, with a note, and never a mean of both", async () => {
  storeExperiment(store, "short", seeds({ method: lora, train: { num_train_epochs: 3 } }, 0.7, 0.71, 0.72, 0.73));
  await new Promise((done) => setTimeout(done, 5));
  storeExperiment(store, "long", seeds({ method: lora }, 0.9, 0.9, 0.9));
  const newest = measure();
  expect(cellOf(newest, "lora")).toMatchObject({ experiment: "long", measured: { n: 3, mean: expect.closeTo(90, 6) } });
  expect(newest.notes).toEqual([
    "MRPC LoRA: several settings fit. Shown: train.num_train_epochs 30 (experiment long); " +
      "not shown: train.num_train_epochs 3 (experiment short, 4 finished)",
  ]);
  // running the older spec again makes it the newest
  await new Promise((done) => setTimeout(done, 5));
  storeExperiment(store, "short", seeds({ method: lora, train: { num_train_epochs: 3 } }, 0.7, 0.71, 0.72, 0.73));
  const again = measure();
  expect(cellOf(again, "lora")).toMatchObject({ experiment: "short", measured: { n: 4 } });
  expect(again.notes).toContain("MRPC (LoRA): trained with num_train_epochs 3 (script: 30)");
  expect(cellOf(measure({ experiment: "long" }), "lora").measured?.n).toBe(3);
});

const rules = shippedCatalog()
  .methods.find(({ name }) => name === "lor2c")
  ?.parameters.find(({ name }) => name === "rules")?.presets;

test("a difference between presets shows their names, one within a preset its fields", () => {
  const method = (chosen: unknown) => ({ method: { name: "lor2c", rank: 8, rules: chosen } });
  storeExperiment(store, "t", [
    ...seeds(method(rules?.paper), 0.9, 0.9, 0.9),
    ...seeds(method(rules?.official), 0.8, 0.8),
    ...seeds(method({ ...rules?.paper, weight_decay: 0.5 }), 0.7),
  ]);
  expect(measure().notes.filter((note) => note.includes("several"))).toEqual([
    "MRPC LoR2C: several settings fit. Shown: method.rules paper (experiment t); " +
      "not shown: method.rules official (experiment t, 2 finished)",
    "MRPC LoR2C: several settings fit. Shown: method.rules.weight_decay unset (experiment t); " +
      "not shown: method.rules.weight_decay 0.5 (experiment t, 1 finished)",
  ]);
});

test("within one experiment the settings with the most seeds are shown", () => {
  const slow = seeds({ method: lora, train: { learning_rate: 1e-4 } }, 0.99);
  storeExperiment(store, "t", [...slow, ...seeds({ method: lora }, 0.8, 0.81)]);
  expect(cellOf(measure(), "lora").measured?.n).toBe(2);
});

test("another model is shown beside the published numbers without a verdict", () => {
  storeExperiment(store, "t", seeds({ method: lora, model: "minilm" }, 0.897, 0.897, 0.897));
  expect(measure().notes).toEqual([
    "no runs of FacebookAI/roberta-base on these tasks; stored are those of minilm (3): --model NAME shows them",
  ]);
  const table = measure({ model: "minilm" });
  expect(cellOf(table, "lora")).toMatchObject({
    verdict: "not comparable",
    reason: "another model",
    measured: { n: 3 },
  });
  expect(table.model).toEqual({ measured: "minilm", published: published.model, same: false });
  expect(table.notes[0]).toBe(
    "the published numbers are of FacebookAI/roberta-base; those of minilm are shown beside them without a verdict",
  );
});

test("a local copy of the paper's model is the paper's model", () => {
  storeExperiment(store, "t", seeds({ method: lora, model: "/models/roberta-base" }, 0.897, 0.897, 0.897));
  expect(cellOf(measure(), "lora").verdict).toBe("reproduced");
});

test("a part of the rows is left out unless its experiment is named, and then has no verdict", () => {
  storeExperiment(store, "tiny", seeds({ method: lora, data: { train_rows: 300 } }, 0.897, 0.897, 0.897));
  const all = measure();
  expect(cellOf(all, "lora").verdict).toBe("not run");
  expect(all.notes).toEqual(["left out for using a part of the rows: 3 of 3 runs; --experiment NAME includes them"]);
  const named = measure({ experiment: "tiny" });
  expect(cellOf(named, "lora")).toMatchObject({ verdict: "not comparable", reason: "trained on 300 rows" });
});

test("another dev set has no verdict", () => {
  storeExperiment(store, "t", seeds({ method: lora, evalRows: 400 }, 0.897, 0.897, 0.897));
  expect(cellOf(measure(), "lora").reason).toBe("evaluated on 400 of 408 rows");
});

test("runs that are in no mean are counted: failed ones, and those with another score", () => {
  storeExperiment(store, "t", [
    ...seeds({ method: lora }, 0.9, 0.91),
    { method: lora, seed: 30 },
    ...seeds({ method: { name: "full" }, metric: "f1", train: { score: "f1" } }, 0.93),
  ]);
  const table = measure();
  expect(cellOf(table, "lora").measured?.n).toBe(2);
  expect(cellOf(table, "ff").verdict).toBe("not run");
  expect(table.notes).toEqual([
    "MRPC FF: not counted: 1 of 1 runs, scored by f1, not accuracy",
    "MRPC LoRA: not counted: 1 of 3 runs, failed",
  ]);
});

test("a run that is not above the majority class is named", () => {
  storeExperiment(store, "t", seeds({ method: lora }, 0.684, 0.9));
  expect(measure().notes).toEqual(["MRPC LoRA: not above the majority class (68.4): 1 of 2 runs"]);
});

test("a note names parameters that neither the row nor the method's defaults have: another rank split, other rules", () => {
  storeExperiment(store, "t", [
    ...seeds({ method: { ...lora, target_modules: ["query"], alpha: 16 } }, 0.9),
    ...seeds({ method: { name: "lor2c", rank: 8, rules: rules?.official } }, 0.9),
  ]);
  expect(measure().notes).toEqual([
    'MRPC (LoRA): trained with method.target_modules ["query"] (default: ["query","value"])',
    "MRPC (LoR2C): trained with method.rules official (default: paper)",
  ]);
});

test("best and last score", () => {
  storeExperiment(store, "t", [{ method: lora, seed: 17, best: 0.9, last: 0.8 }]);
  const shown = (score: "best" | "last") => cellOf(measure({ score }), "lora").measured?.mean;
  expect([shown("best"), shown("last")]).toEqual([expect.closeTo(90, 6), expect.closeTo(80, 6)]);
  expect([measure().epoch_chosen_on, measure({ score: "last" }).epoch_chosen_on]).toEqual(["eval", null]);
});

const im = (merges: number, injections: number) => ({ name: "imlor2c", rank: 8, injected_rank: 4, merges, injections });

test("IMLoR2C: the best of the stored grid, the paper's best cell, and the optimism of the choice", () => {
  storeExperiment(store, "t", [
    ...seeds({ method: im(0, 0), parameters: 147_456 }, 0.91, 0.8),
    ...seeds({ method: im(1, 4), parameters: 135_168 }, 0.8, 0.9),
    ...seeds({ method: im(7, 0) }, 0.99, 0.99), // outside the paper's grid
  ]);
  const table = measure();
  expect(cellOf(table, "imlor2c")).toMatchObject({
    measured: { n: 2, mean: expect.closeTo(85.5, 6) },
    trainable_parameters: 147_456,
    choice: { merges: 0, injections: 0, cells: 2, by: "leave-one-seed-out", optimism: expect.closeTo(5.5, 6) },
  });
  expect(table.notes).toEqual([
    "runs of these tasks that have no row in the table, because of another method, size or quantisation: 2 (imlor2c)",
    "MRPC LoR2C: shown is imlor2c with merges 0, injections 0, which trains the same as lor2c",
    "MRPC IMLoR2C: the best of 2 stored cells of M x I: merges 0, injections 0 (paper: merges 1, injections 4)",
    "MRPC IMLoR2C: the optimism of this choice is +5.50: chosen on the other seeds, one left out in turn, the same choice scores 80.00",
  ]);
});

test("IMLoR2C with a holdout part: chosen by it, reported on dev", () => {
  const held = (merges: number, best: number, holdout: number): Told => ({
    method: im(merges, 0),
    seed: 17,
    best,
    holdout,
  });
  storeExperiment(store, "t", [held(0, 0.9, 0.7), held(1, 0.88, 0.75)]);
  const table = measure();
  expect(cellOf(table, "imlor2c").choice).toMatchObject({ merges: 0, by: "holdout", optimism: expect.closeTo(2, 6) });
  expect(table.epoch_chosen_on).toBe("holdout");
  expect(table.notes.at(-1)).toBe(
    "MRPC IMLoR2C: the optimism of this choice is +2.00: chosen on the held-out part of train, the same choice scores 88.00",
  );
});

test("LoR2C is also IMLoR2C without changes, MergeLoR2C without merges: those runs fill cells that have none of lor2c", () => {
  const rte = { task: "rte", evalRows: 277 };
  storeExperiment(store, "t", [
    ...seeds({ method: { name: "lor2c", rank: 8 } }, 0.86),
    ...seeds({ method: im(0, 0) }, 0.9, 0.9),
    ...seeds({ method: im(0, 0), ...rte }, 0.7, 0.7),
    ...seeds({ method: im(1, 0), ...rte }, 0.8, 0.8),
    ...seeds({ method: { name: "mergelor2c", rank: 8, merges: 0 }, task: "cola", metric: "matthews" }, 0.5),
    ...seeds({ method: { name: "mergelor2c", rank: 8, merges: 1 }, task: "sst2" }, 0.9),
    ...seeds({ method: { ...im(0, 0), rank: 4 }, task: "qnli" }, 0.9),
  ]);
  const table = measure();
  const means = TASKS.map((task) => cellOf(table, "lor2c", task).measured?.mean.toFixed(0) ?? null);
  expect(means).toEqual([null, "86", "50", null, "70", null]);
  expect(cellOf(table, "imlor2c", "rte").measured?.mean).toBeCloseTo(80, 6);
  const notes = table.notes.join("\n");
  expect(notes).not.toMatch(/(MRPC|SST-2|QNLI) LoR2C/);
  expect(notes).toContain("RTE LoR2C: shown is imlor2c with merges 0, injections 0, which trains the same as lor2c");
  expect(notes).toContain("CoLA LoR2C: shown is mergelor2c with merges 0, which trains the same as lor2c");
  expect(notes).toMatch(/no row in the table, .*: 2 \(imlor2c, mergelor2c\)/);
});

test("a failed run of lor2c does not hide those that train the same, and sizes are not mixed for them", () => {
  const model = "minilm";
  const lor2c = (rank: number) => ({ name: "lor2c", rank });
  storeExperiment(store, "t", [
    { method: lor2c(8), seed: 17, model },
    ...seeds({ method: im(0, 0), model }, 0.9, 0.9),
    ...seeds({ method: lor2c(4), task: "rte", evalRows: 277, model }, 0.7),
  ]);
  const table = measure({ model, experiment: "t" });
  expect(cellOf(table, "lor2c").measured).toMatchObject({ n: 2, mean: expect.closeTo(90, 6) });
  expect(cellOf(table, "lor2c", "rte").verdict).toBe("not run");
});

test("IMLoR2C with one seed: a note says that there is no estimate", () => {
  storeExperiment(store, "t", [...seeds({ method: im(0, 0) }, 0.9), ...seeds({ method: im(1, 0) }, 0.8)]);
  expect(measure().notes.at(-1)).toContain("cannot be estimated: one seed and no holdout part");
});

test("IMLoR2C with one seed and stored predictions: samples of the rows choose; without those of one run a note says why", () => {
  storeExperiment(store, "t", [...seeds({ method: im(0, 0) }, 0.9), ...seeds({ method: im(1, 0) }, 0.5)]);
  const share = (part: number): Items => ({
    rows: 20,
    score: (sample) => Array.from(sample).filter((row) => row < part * 20).length / sample.length,
  });
  const [better = "", worse = ""] = comparableRuns(store, TASKS)
    .toSorted((a, b) => (b.best_score ?? 0) - (a.best_score ?? 0))
    .map(({ id }) => id);
  const table = measure({ items: () => (run) => share(run === better ? 0.9 : 0.5) });
  const { choice } = cellOf(table, "imlor2c");
  expect(choice).toMatchObject({ merges: 0, by: "bootstrap", honest: expect.closeTo(90, 0) });
  expect(table.notes.at(-1)).toMatch(
    /: chosen on samples of the evaluation rows, scored on the others, the same choice/,
  );
  const without = measure({ items: () => (run) => (run === worse ? "run 2 has none" : share(0.9)) });
  expect(without.notes.at(-1)).toContain("cannot be estimated: one seed and no holdout part, and run 2 has none");
});

test("the average needs all six tasks, and is per seed if they have the same seeds", () => {
  const own: Record<string, Partial<Told>> = {
    cola: { metric: "matthews", evalRows: 1043 },
    stsb: { metric: "pearson", evalRows: 1500 },
    sst2: { evalRows: 872 },
    qnli: { evalRows: 5463 },
    rte: { evalRows: 277 },
  };
  const of = (task: string, ...best: number[]) => seeds({ method: lora, task, ...own[task] }, ...best);
  storeExperiment(
    store,
    "five",
    TASKS.slice(0, 5).flatMap((task) => of(task, 0.85, 0.86, 0.87)),
  );
  const average = () => measure().rows.find(({ id }) => id === "lora")?.average;
  expect(average()).toMatchObject({ published: 85.2, measured: null, verdict: "not run" });
  storeExperiment(store, "sixth", of("stsb", 0.79, 0.8, 0.81));
  expect(average()?.measured).toMatchObject({ n: 3, mean: expect.closeTo(85, 6), sd: expect.closeTo(1, 6) });
  storeExperiment(store, "seeds", of("stsb", 0.79, 0.8, 0.81, 0.82));
  expect(average()).toMatchObject({
    measured: { n: 1, low: null },
    verdict: "underpowered",
    reason: "the tasks have different seeds",
  });
});
