import { describe, expect, test } from "vitest";
import { shippedCatalog } from "../spec/catalog.js";
import { catalog, load } from "../spec/fixtures/specs.js";
import { checkpointKey, groupBundles } from "./bundles.js";
import { inspectedAs, plannedFrom } from "./fixtures/planned.js";

const bundles = (text: string) =>
  groupBundles(plannedFrom(load(text).cells), catalog).map((bundle) => bundle.map((cell) => cell.label));

test("a grid over the schedule is one bundle", () => {
  const text =
    "model: tiny\ntask: toy\nmethod: moving\nsweep: {grid: {method.merges: 0..2, method.injections: 0..2, method.rules: [paper, official]}}";
  expect(bundles(text)).toHaveLength(1);
});

test("any other difference makes another bundle, in the order of the plan", () => {
  const text =
    "model: tiny\ntask: toy\nmethod: moving\nsweep: {grid: {method.merges: 0..1, method.rank: [4, 8], seed: [1, 2]}}";
  expect(bundles(text)).toEqual([
    ["merges=0 rank=4 seed=1", "merges=1 rank=4 seed=1"],
    ["merges=0 rank=4 seed=2", "merges=1 rank=4 seed=2"],
    ["merges=0 rank=8 seed=1", "merges=1 rank=8 seed=1"],
    ["merges=0 rank=8 seed=2", "merges=1 rank=8 seed=2"],
  ]);
});

test("methods of one family share a bundle, others do not", () => {
  const text =
    "model: tiny\ntask: toy\nsweep: {variants: [{method: plain}, {method: still}, {method: {name: moving, merges: 1}}]}";
  expect(bundles(text)).toEqual([["method=plain"], ["method=still", "method=moving"]]);
});

test("another fingerprint is another bundle", () => {
  const cells = plannedFrom(load("model: tiny\ntask: toy\nmethod: moving\nsweep: {grid: {method.merges: 0..1}}").cells);
  const [one, two] = cells;
  if (!one || !two) throw new Error("two cells were expected");
  const other = { ...two, inspected: inspectedAs({ fingerprint: { data: "other" } }) };
  expect(groupBundles([one, other], catalog)).toHaveLength(2);
});

describe("runs that differ in numbers", () => {
  const swept = (bundle: string, method = "imlor2c") =>
    plannedFrom(
      load(
        `model: minilm\ntask: movie-reviews\nmethod: {name: ${method}}\ntrain: {bundle: ${bundle}}\n` +
          "sweep: {grid: {train.learning_rate: [1e-4, 2e-4], method.alpha: [8, 16], seed: [1, 2]}}",
        [],
        shippedCatalog(),
      ).cells,
    );
  const sizes = (bundle: string, method?: string) => groupBundles(swept(bundle, method)).map(({ length }) => length);

  test("are lanes of one bundle, as far as train.bundle allows", () => {
    expect(sizes("numbers")).toEqual([8]);
    expect(sizes("auto")).toEqual([4, 4]);
    expect(sizes("schedules")).toEqual(new Array(8).fill(1));
  });

  test("have one place for checkpoints, however they are bundled", () => {
    const keys = ["numbers", "auto", "schedules"].flatMap((bundle) => swept(bundle).map((cell) => checkpointKey(cell)));
    expect(new Set(keys).size).toBe(1);
  });

  test("train alone if their method has no lanes", () => {
    expect(sizes("numbers", "pissa")).toEqual(new Array(8).fill(1));
    expect(new Set(swept("numbers", "pissa").map((cell) => checkpointKey(cell))).size).toBe(8);
  });

  test("need equal values of everything else", () => {
    const text = "model: minilm\ntask: movie-reviews\nmethod: imlor2c\ntrain: {bundle: numbers}\n";
    const cells = (grid: string) => plannedFrom(load(`${text}sweep: {grid: {${grid}}}`, [], shippedCatalog()).cells);
    for (const grid of ["method.rank: [4, 8]", "train.batch_size: [16, 32]", "train.warmup_ratio: [0, 0.1]"]) {
      expect(groupBundles(cells(grid))).toHaveLength(2);
    }
  });
});
