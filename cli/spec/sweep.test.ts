import { describe, expect, test } from "vitest";
import { load, minimal, problems } from "./fixtures/specs.js";

const labels = (text: string, sets: string[] = []) => load(text, sets).cells.map((cell) => cell.label);

describe("grid", () => {
  test("cross product of lists and ranges, the last axis fastest", () => {
    const spec = load(
      "model: tiny\ntask: toy\nmethod: moving\nsweep: {grid: {method.merges: 0..6, method.injections: 0..6}}",
    );
    expect(spec.cells).toHaveLength(49);
    expect(spec.cells.slice(6, 9).map((cell) => cell.label)).toEqual([
      "merges=0 injections=6",
      "merges=1 injections=0",
      "merges=1 injections=1",
    ]);
    expect(spec.cells[8]?.axes).toEqual({ "method.merges": 1, "method.injections": 1 });
    expect(spec.cells[8]?.settings.method).toMatchObject({ merges: 1, injections: 1 });
  });
  test("settings of all kinds", () => {
    expect(labels(minimal("sweep: {grid: {seed: 1..2, train.learning_rate: [1e-3, 5e-4]}}"))).toEqual([
      "seed=1 learning_rate=0.001",
      "seed=1 learning_rate=0.0005",
      "seed=2 learning_rate=0.001",
      "seed=2 learning_rate=0.0005",
    ]);
    expect(
      labels(minimal("sweep: {grid: {method.targets: [[query], [query, key]], data.train_rows: [null, 5]}}")),
    ).toEqual([
      "targets=query train_rows=null",
      "targets=query train_rows=5",
      "targets=query+key train_rows=null",
      "targets=query+key train_rows=5",
    ]);
  });
  test("methods before their parameters, whatever the order", () => {
    const text = "model: tiny\ntask: toy\nsweep: {grid: {method.rank: [2, 4], method: [plain, moving]}}";
    expect(labels(text)).toEqual([
      "rank=2 method=plain",
      "rank=2 method=moving",
      "rank=4 method=plain",
      "rank=4 method=moving",
    ]);
  });
  test("an axis with one value is no axis", () => {
    expect(load(minimal("sweep: {grid: {seed: [3]}}")).cells).toMatchObject([
      { label: expect.stringMatching(/^[^=]+$/), axes: {}, settings: { seed: 3 } },
    ]);
  });
});

describe("variants", () => {
  test("merge deeply; another method replaces", () => {
    const spec = load(`model: tiny
task: toy
method: {name: plain, rank: 4, scale: 2}
train: {batch_size: 8}
sweep:
  variants:
    - {}
    - method: {scale: 3}
    - method: {name: moving, merges: 1}
      train: {max_length: 64}
`);
    expect(spec.cells.map((cell) => cell.settings.method)).toMatchObject([
      { name: "plain", rank: 4, scale: 2 },
      { name: "plain", rank: 4, scale: 3 },
      { name: "moving", rank: 8, scale: 16, merges: 1 },
    ]);
    expect(spec.cells[2]?.settings.train).toMatchObject({ batch_size: 8, max_length: 64 });
    expect(spec.cells.map((cell) => cell.label)).toEqual([
      "scale=2 method=plain max_length=256",
      "scale=3 method=plain max_length=256",
      "scale=16 method=moving max_length=64",
    ]);
  });
  test("labels stand for all that a variant changes; the grid is added", () => {
    const text = "sweep: {variants: [{label: small, method: {rank: 1}}, {method: {rank: 9}}], grid: {seed: [1, 2]}}";
    expect(labels(minimal(text))).toEqual(["small seed=1", "small seed=2", "rank=9 seed=1", "rank=9 seed=2"]);
  });
  test("presets by name, by change, and by field", () => {
    const text = `model: tiny
task: toy
method: {name: moving, rules: official}
sweep: {variants: [{}, {method: {rules: paper}}, {method: {rules: {score: sfs}}}, {method: {rules: {preset: paper, k: 5}}}]}`;
    const spec = load(text);
    expect(spec.cells.map((cell) => cell.settings.method.rules)).toEqual([
      { score: "mean", k: 0, moments: false },
      { score: "sfs", k: 1, moments: true },
      { score: "sfs", k: 0, moments: false },
      { score: "sfs", k: 5, moments: true },
    ]);
    expect(new Set(spec.cells.map((cell) => cell.label)).size).toBe(4);
    expect(spec.cells[1]?.axes["method.rules"]).toBe("paper");
  });
});

test("labels stay unique, whatever users call their variants", () => {
  const variants = ["{label: a}", "{label: a (2), seed: 1}", "{label: b, seed: 2}"].join(", ");
  const spec = load(
    minimal(`sweep: {variants: [${variants}], include: [{label: a, seed: 3}, {label: a (3), seed: 4}]}`),
  );
  const labels = spec.cells.map(({ label }) => label);
  expect(labels).toEqual(["a", "a (2)", "b", "a (3)", "a (3) (2)"]);
  expect(new Set(labels).size).toBe(labels.length);
});

describe("equal runs", () => {
  test("are one, with a note", () => {
    const spec = load(minimal("sweep: {variants: [{}, {seed: 17}, {train: {batch_size: 32}}, {seed: 1}]}"));
    expect(spec.cells.map((cell) => cell.settings.seed)).toEqual([17, 1]);
    expect(spec.notes).toEqual(["2 of 4 combinations of the sweep are equal to another one and left out"]);
  });
  test("only where nothing is left to look at: what a path holds and what an id leaves out are the plan's to compare", () => {
    const spec = load(
      minimal("sweep: {variants: [{}, {train: {logging_steps: 5}}, {data: {path: a}}, {data: {path: b}}]}"),
    );
    expect(spec.cells).toHaveLength(4);
    expect(spec.notes).toEqual([]);
  });
});

describe("problems", () => {
  test("point at the axis and at the value", () => {
    expect(
      problems(
        minimal(`sweep:
  grid:
    method.rank: [0, 8, x]
    method.rnk: 1..3
    trian.seed: [1]
    batch_size: [1]
    train.batchsize: [1]
    jobs: [1]
    seed: 4..1
    train.batch_size: 8
    train.max_length: []
    data.train_rows: -1..1
    train.weight_decay: 0..999999999
`),
      ),
    ).toMatchInlineSnapshot(`
      [
        "6:19 method.rank: expected a whole number from 1, found 0",
        "6:25 method.rank: expected a whole number from 1, found the text "x"",
        "7:5 method.rnk: unknown key | did you mean \`rank\`?",
        "8:5 sweep.grid.trian.seed: unknown key | did you mean \`seed\`?",
        "9:5 sweep.grid.batch_size: unknown key | did you mean \`train.batch_size\`?",
        "10:5 sweep.grid.train.batchsize: unknown key | did you mean \`train.batch_size\`?",
        "11:5 sweep.grid.jobs: cannot differ between the runs of a spec",
        "12:11 sweep.grid.seed: the range 4..1 runs downwards; write 1..4",
        "13:23 sweep.grid.train.batch_size: expected a non-empty list or a range a..b of whole numbers, found 8",
        "14:23 sweep.grid.train.max_length: expected a non-empty list or a range a..b of whole numbers, found an empty list",
        "15:22 data.train_rows: expected a whole number from 1 or null, found -1",
        "15:22 data.train_rows: expected a whole number from 1 or null, found 0",
        "16:25 sweep.grid.train.weight_decay: the range 0..999999999 has more than 100,000 values",
      ]
    `);
  });
  test("of variants", () => {
    expect(
      problems(
        minimal(`sweep:
  variants:
    - {label: a, method: {rank: x}}
    - {label: a, jobs: 3}
    - {seed: -1, tran: 1}
    - 5
`),
      ),
    ).toMatchInlineSnapshot(`
      [
        "6:33 method.rank: expected a whole number from 1, found the text "x"",
        "7:15 sweep.variants[1].label: another variant has the label "a"",
        "7:18 sweep.variants[1].jobs: cannot differ between the runs of a spec",
        "8:14 seed: expected a whole number from 0 to 4294967295, found -1",
        "8:18 tran: unknown key | did you mean \`train\`?",
        "9:7 sweep.variants[3]: expected a mapping, found 5",
      ]
    `);
    expect(problems(minimal("sweep: {variants: [], gird: {}}"))).toMatchInlineSnapshot(`
      [
        "4:19 sweep.variants: expected a non-empty list (each a mapping) or null, found an empty list",
        "4:23 sweep.gird: unknown key | did you mean \`grid\`?",
      ]
    `);
  });
  test("an axis that cannot be read does not make others look wrong", () => {
    const text = "model: tiny\ntask: toy\nsweep: {grid: {method: moving, method.merges: 0..1, seed: [-1]}}";
    expect(problems(text)).toEqual([
      '3:24 sweep.grid.method: expected a non-empty list or a range a..b of whole numbers, found the text "moving"',
      "3:60 seed: expected a whole number from 0 to 4294967295, found -1",
    ]);
  });
  test("a parameter that one of the swept methods lacks", () => {
    expect(problems("model: tiny\ntask: toy\nsweep: {grid: {method: [plain, moving], method.merges: 0..1}}")).toEqual([
      "3:41 method.merges: unknown key | `merges` is a parameter of moving",
    ]);
  });
  test("too many runs, without expanding them; values are still checked", () => {
    const found = problems(minimal("sweep: {grid: {seed: 0..99998, method.rank: 0..1}}"));
    expect(found).toEqual([
      "4:1 sweep: stands for 199,998 runs; at most 100,000 are allowed | split it into several specs",
      "4:45 method.rank: expected a whole number from 1, found 0",
    ]);
  });
});

test("20,000 runs are expanded", () => {
  expect(load(minimal("sweep: {grid: {seed: 1..200, method.rank: 1..100}}")).cells).toHaveLength(20_000);
});
