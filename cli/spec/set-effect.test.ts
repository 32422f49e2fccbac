import { expect, test } from "vitest";
import { SpecError } from "../errors.js";
import { loadSpec } from "./load.js";

const QUICKSTART = "configs/quickstart.yaml";

function messagesOf(sets: string[]): string[] {
  try {
    loadSpec(QUICKSTART, sets);
    return [];
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    return error.problems.map((problem) => `${problem.path}: ${problem.message}`);
  }
}

test("a --set that the sweep replaces in every run is refused", () => {
  expect(messagesOf(["method.merges=5"])).toEqual([
    "method.merges: has no effect: the spec's sweep sets it in every run",
  ]);
  expect(messagesOf(["seed=3", "sweep.grid.seed=[1, 2]", "sweep.include=null"])).toEqual([
    "seed: has no effect: the spec's sweep sets it in every run",
  ]);
});

test("one that reaches some runs is noted, one that reaches all is not", () => {
  expect(loadSpec(QUICKSTART, ["method.rank=4"]).notes).toEqual([
    "--set method.rank applies to 9 of 10 runs; the sweep sets it in the others",
  ]);
  expect(loadSpec(QUICKSTART, ["seed=3", "model=./mine", "data.train_rows=96", "name=x", "jobs=1"]).notes).toEqual([]);
});

test("without the sweep it applies, and a later --set may replace an earlier one", () => {
  expect(loadSpec(QUICKSTART, ["sweep=null", "method=lora", "method.rank=4"]).cells[0]?.settings.method.rank).toBe(4);
  expect(loadSpec(QUICKSTART, ["seed=3", "seed=4"]).cells[0]?.settings.seed).toBe(4);
});
