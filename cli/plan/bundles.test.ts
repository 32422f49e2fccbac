import { expect, test } from "vitest";
import { catalog, load } from "../spec/fixtures/specs.js";
import { groupBundles } from "./bundles.js";
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
