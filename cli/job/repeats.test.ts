import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../fixtures/temp-folder.js";
import { plannedFrom } from "../plan/fixtures/planned.js";
import { loadSpec } from "../spec/load.js";
import { repeatLines } from "../views/repeats.js";
import { repeatsOf } from "./repeats.js";
import type { CellSummary } from "./reporter.js";

const file = join(tempFolder(), "folds.yaml");

/** Lines of a sweep whose runs, in its order, have these scores; null: it failed. */
function lines(sweep: string, scores: readonly (number | null)[], scoreNames: readonly string[] = []): string[] {
  writeFileSync(file, `model: minilm\ntask: sst2\nmethod: lora\nsweep: ${sweep}\n`);
  const cells = plannedFrom(loadSpec(file).cells);
  const summaries = cells.map((_, i) => {
    const score = scores[i] ?? null;
    const name = scoreNames[i] ?? "accuracy";
    return { state: score === null ? "failed" : "finished", bestScore: score, scoreName: score === null ? null : name };
  });
  return repeatLines(repeatsOf(cells, summaries as CellSummary[]));
}

test("runs that differ only in folds, splits or seeds have a mean with its interval", () => {
  expect(lines("{grid: {data.path: [fold1, fold2, fold3]}}", [0.8, 0.9, 0.85])).toEqual([
    "mean accuracy of 3 runs over data.path: 0.8500, 95 % interval 0.7258 to 0.9742, standard deviation 0.0500",
  ]);
  expect(lines("{zip: {seed: [1, 2], data.split_seed: [1, 2]}}", [0.8, 0.8])).toEqual([
    "mean accuracy of 2 runs over seed, data.split_seed: 0.8000, 95 % interval 0.8000 to 0.8000, standard deviation 0.0000",
  ]);
});

test("each combination of the other keys has its own; runs without a score are counted", () => {
  const sweep = "{grid: {method.rank: [4, 8], seed: [1, 2, 3]}}";
  expect(lines(sweep, [0.5, 0.6, 0.7, 0.9, null, 0.9])).toEqual([
    expect.stringMatching(/^rank=4: mean accuracy of 3 runs over seed: 0\.6000/),
    expect.stringMatching(/^rank=8: mean accuracy of 2 runs over seed: 0\.9000, .* \(1 run without a score\)$/),
  ]);
});

test("no mean of one run, of other settings, or of different scores", () => {
  expect(lines("{grid: {method.rank: [4, 8]}}", [0.5, 0.6])).toEqual([]);
  expect(lines("{grid: {data.path: [english, german]}}", [0.5, 0.6])).toEqual([]);
  expect(lines("{grid: {data.path: [english, german], seed: [1, 2]}}", [0.5, 0.6, 0.7, 0.8])).toEqual([
    expect.stringMatching(/^path=english: mean accuracy of 2 runs over seed: 0\.5500/),
    expect.stringMatching(/^path=german: mean accuracy of 2 runs over seed: 0\.7500/),
  ]);
  expect(lines("{grid: {seed: [1, 2]}}", [0.5, null])).toEqual([]);
  expect(lines("{grid: {seed: [1, 2]}}", [0.5, 0.6], ["accuracy", "f1"])).toEqual([]);
});
