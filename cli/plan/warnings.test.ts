import { expect, test } from "vitest";
import type { PlannedCell } from "./cell.js";
import { inspectedAs } from "./fixtures/planned.js";
import { warningTexts } from "./warnings.js";

const cells = (...warnings: string[][]): PlannedCell[] =>
  warnings.map((of, index) => ({
    id: `id-${index}`,
    label: `seed=${index}`,
    settings: {},
    inspected: inspectedAs({ warnings: of }),
  })) as unknown as PlannedCell[];

test("a warning for every run names none; another names its runs", () => {
  expect(warningTexts(cells(["slow", "few rows"], ["slow"], ["slow", "odd"], ["slow", "odd"]))).toEqual([
    "slow",
    "few rows (seed=0)",
    "odd (seed=2, seed=3)",
  ]);
});

test("warnings that differ in their numbers or in what follows a colon are one line", () => {
  const late = (events: string) => `in the second half of 8 epochs: ${events}`;
  expect(
    warningTexts(
      cells(
        ["at most 5 of 6 merges are possible"],
        ["at most 5 of 7 merges are possible", late("merge at epoch 5")],
        ["at most 5 of 1,200 merges are possible", late("merge at epoch 5, inject at epoch 6")],
        [late("merge at epoch 5")],
      ),
    ),
  ).toEqual([
    "at most 5 of 6 merges are possible (seed=0, and the like in 2 more)",
    "in the second half of 8 epochs: merge at epoch 5 (seed=1, and the like in 2 more)",
  ]);
});

test("many runs are counted", () => {
  const six = cells(...Array.from({ length: 6 }, (_, index) => (index === 0 ? ["1 row"] : ["slow"])));
  expect(warningTexts(six)).toEqual(["1 row (seed=0)", "slow (5 of 6 runs)"]);
});

test("different texts of one run are all shown", () => {
  expect(warningTexts(cells(["2 rows", "3 rows"], []))).toEqual(["2 rows (seed=0)", "3 rows (seed=0)"]);
  expect(warningTexts(cells(["2 rows", "3 rows"]))).toEqual(["2 rows", "3 rows"]);
});
