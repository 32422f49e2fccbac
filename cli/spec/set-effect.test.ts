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

test("a mapping is merged into the file's own: its keys count one by one", () => {
  const file = "configs/glue/mrpc-imlor2c.yaml";
  const methodOf = (...sets: string[]) => loadSpec(file, sets).cells[0]?.settings.method;
  const paper = methodOf();
  expect(methodOf("method={name: imlor2c}")).toEqual(paper);
  expect(methodOf("method={rank: 4}")).toEqual({ ...paper, rank: 4 });
  // `rules: paper` of the file, with one field of it replaced.
  const changed = { ...paper, rules: { ...(paper?.rules as object), inject_pick: "highest" } };
  expect(methodOf("method.rules={inject_pick: highest}")).toEqual(changed);
  expect(methodOf("method.rules.inject_pick=highest")).toEqual(changed);
  expect(methodOf("method.rules=paper", "method.rules.inject_pick=highest")).toEqual(changed);
  expect(methodOf("method.rules={preset: official, inject_pick: lowest}")).toEqual({
    ...methodOf("method.rules=official"),
    rules: { ...(methodOf("method.rules=official")?.rules as object), inject_pick: "lowest" },
  });
});

test("of a mapping only the keys that the sweep replaces are refused", () => {
  expect(messagesOf(["method={rank: 4, merges: 5}"])).toEqual([
    "method.merges: has no effect: the spec's sweep sets it in every run",
  ]);
  expect(loadSpec(QUICKSTART, ["method={name: imlor2c, rank: 4}"]).notes).toEqual([
    "--set method.name applies to 9 of 10 runs; the sweep sets it in the others",
    "--set method.rank applies to 9 of 10 runs; the sweep sets it in the others",
  ]);
});

test("a problem that a --set causes is told at the flag, also where the file has the key itself", () => {
  const placesOf = (...sets: string[]) => {
    try {
      loadSpec("configs/glue/mrpc-imlor2c.yaml", sets);
    } catch (error) {
      if (error instanceof SpecError) return error.problems.map(({ file, path, hint }) => [file, path, hint]);
    }
    return [];
  };
  expect(placesOf("method=LoRA")).toEqual([["--set", "method.name", "did you mean `lora`?"]]);
  expect(placesOf("method={name: LoRA}")).toEqual([["--set", "method.name", "did you mean `lora`?"]]);
  expect(placesOf("task=MRPC")).toEqual([["--set", "task.name", "did you mean `mrpc`?"]]);
  expect(placesOf("train=3")).toEqual([["--set", "train", undefined]]);
  expect(placesOf("seed=1,2")).toEqual([["--set", "seed", "for a run with each: --set 'sweep.grid.seed=[1, 2]'"]]);
});
