import stringWidth from "string-width";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tableFile } from "../../export/table-file.js";
import { disposableFolder } from "../../store/fixtures/sample.js";
import { listRuns } from "../../store/read.js";
import type { Store } from "../../store/store.js";
import { storeOf, type Trained } from "./fixtures/stored.js";
import { loadPivot, type PivotRequest } from "./pivot.js";
import { pivotText } from "./pivot-text.js";
import { pivotForPeople, pivotTable } from "./tables.js";

let temp: { folder: string; remove: () => void };
let store: Store;
beforeEach(() => {
  temp = disposableFolder();
});
afterEach(() => {
  store.close();
  temp.remove();
});

const runs = (name: string, task: string, scores: number[], more: Partial<Trained> = {}): Trained[] =>
  scores.map((score, at) => ({
    ...{ label: `${name} task=${task} seed=${at + 1}`, seed: at + 1, method: { name, rank: 8 }, task },
    scores: [score - 0.1, score],
    ...more,
  }));

function pivot(all: readonly Trained[], request: Partial<PivotRequest> = {}) {
  store = storeOf(temp.folder, all);
  const chosen = listRuns(store).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return loadPivot(store, { of: "sample", runs: chosen, rows: "method", cols: "task", ...request });
}

const EIGHT = [0.8, 0.81, 0.82, 0.8, 0.81, 0.82, 0.8, 0.82];
const shifted = (by: number) => EIGHT.map((score, at) => score - by - at / 1000);
const TABLE = [
  ...runs("lora", "mrpc", shifted(0.05)),
  ...runs("lora", "cola", EIGHT),
  ...runs("full", "mrpc", EIGHT),
  ...runs(
    "share",
    "mrpc",
    EIGHT.map((score, at) => score - (at % 3) / 1000),
  ),
  { ...runs("share", "cola", [0.5])[0], scores: undefined } as unknown as Trained,
];

test("a row for each method, a column for each task, compared within the column", () => {
  expect(pivotText(pivot(TABLE), 80)).toBe(`mrpc: accuracy on 1,000 rows; cola: accuracy on 1,000 rows; shares times 100

method                mrpc              cola
lora    75.65 ± 0.74 (8)    81.00 ± 0.77 (8)
full    81.00 ± 0.77 (8) *                 -
share   80.91 ± 0.71 (8) ~           running

mean over seeds ± half of its 95 % interval (seeds)
* best of its column, ~ can't be told from it by a test over seeds

mrpc, against full: share the same within 0.01 (Holm p 0.0625); lora worse (Holm
  p 0.0156)
  best of 3: full 81.00; corrected for the choice: 81.00 (chosen by the other
    seeds, scored on the one left out)`);
});

describe("errors", () => {
  test("what else varies within a cell is named, with what to do", () => {
    const other = runs("lora", "mrpc", [0.7, 0.71], { learning_rate: 1e-4 });
    expect(() => pivot([...TABLE, ...other])).toThrow(/train.learning_rate varies in the cell lora, mrpc/);
  });
  test.each<[Partial<PivotRequest>, RegExp]>([
    [{ columns: "score, params" }, /takes one measure/],
    [{ columns: "method.rank" }, /takes one measure/],
    [{ rows: "best:accuracy" }, /cannot be an axis/],
    [{ cols: "method.nothing" }, /none of these runs has the setting/],
    [{ baseline: "pissa" }, /there is no row pissa/],
  ])("%j", (request, message) => {
    expect(() => pivot(TABLE, request)).toThrow(message);
  });
});

test("scores that are not comparable are columns of their own, which say why", () => {
  const data = pivot([...TABLE, ...runs("old", "mrpc", EIGHT, { fingerprint: { numerics: "2" } })]);
  expect(data.cols.map(({ title }) => title)).toEqual(["mrpc", "mrpc (numerics 2, not 3)", "cola"]);
  expect(data.cols[0]?.rows.map(({ name }) => name)).not.toContain("old");
});

test("settings as keys, a loss as measure, a baseline", () => {
  const data = pivot(
    [
      ...runs("lora", "mrpc", [0.8, 0.81], { loss: 0.4 }),
      ...runs("lora", "mrpc", [0.7, 0.71], { learning_rate: 1e-4, loss: 0.2 }),
    ],
    { rows: "train.learning_rate", cols: "method.rank", columns: "last:loss", baseline: "0.002" },
  );
  expect(data.rows).toEqual(["0.002", "0.0001"]);
  expect(data.cols.map(({ title, rows, tests }) => [title, rows[0]?.name, rows[0]?.mark, tests?.against])).toEqual([
    ["8", "0.0001", "best", "0.002"],
  ]);
  expect(pivotText(data, 80)).toContain("0.2000 ± 0.0000 (2) *");
});

test("for programs a row per cell, for documents the table", async () => {
  const data = pivot(TABLE);
  const rows = pivotTable(data);
  const at = (key: string) => rows.columns.findIndex((column) => column.key === key);
  expect(rows.rows.map((row) => [row[0], row[1], row[at("n")], row[at("mark")], row[at("verdict")]])).toEqual([
    ["lora", "mrpc", 8, null, "worse"],
    ["lora", "cola", 8, null, null],
    ["full", "mrpc", 8, "best", null],
    ["full", "cola", 0, null, null],
    ["share", "mrpc", 8, "open", "same"],
    ["share", "cola", 0, null, null],
  ]);
  expect(await tableFile(pivotForPeople(data), "latex")).toContain("full & \\textbf{81.00 $\\pm$ 0.77 (8)} & -- \\\\");
  expect(await tableFile(pivotForPeople(data), "latex")).toContain("\n% bold: the best; ~: ");
  expect(await tableFile(pivotForPeople(data), "markdown")).toContain("| full | **81.00 ± 0.77 (8)** | – |");
});

test.each([30, 60, 80])("no line is wider than %d columns", (width) => {
  const data = pivot(TABLE.map((run) => ({ ...run, task: `${run.task}\u001b[31m of a long name` })));
  const lines = pivotText(data, width).split("\n");
  expect(lines.filter((line) => stringWidth(line) > width)).toEqual([]);
});

test("the score until now of a run that trains is no result", async () => {
  const data = pivot([...runs("lora", "mrpc", [0.8]), ...runs("full", "mrpc", [0.9], { unfinished: true })]);
  expect(pivotText(data, 80)).toMatch(/^full +running$/m);
  expect(await tableFile(pivotForPeople(data), "markdown")).toContain("| full | running |");
  const { columns, rows } = pivotTable(data);
  const at = columns.findIndex(({ key }) => key === "finished");
  expect(rows.map((row) => [row[0], row[at]])).toEqual([
    ["lora", 1],
    ["full", 0],
  ]);
});

test("only shares are shown times 100, however small a loss, an epoch or a rate is", () => {
  const early = TABLE.map((run) =>
    run.scores ? { ...run, scores: [...run.scores].reverse() as [number, number] } : run,
  );
  pivot(early);
  const text = (columns: string) =>
    pivotText(loadPivot(store, { of: "sample", runs: listRuns(store), rows: "method", cols: "task", columns }), 80);
  expect(text("best_epoch")).toMatch(/^lora +1 ± 0 \(8\) +1 ± 0 \(8\)$/m);
  expect(text("best_epoch")).not.toContain("times 100");
  expect(text("learning_rate")).toMatch(/^lora +0\.0020 ± 0\.0000 \(8\)/m);
  expect(text("loss@2")).toMatch(/^lora +0\.5000 ± 0\.0000 \(8\)/m);
  expect(text("best_score")).toMatch(/^lora +81\.00 ± 0\.77 \(8\)/m);
  expect(text("energy")).toMatch(/^lora +no value +no value$/m);
});
