import { describe, expect, test } from "vitest";
import { load, minimal, problems } from "./fixtures/specs.js";

const moving = (sweep: string) => `model: tiny\ntask: toy\nmethod: moving\nsweep:\n${sweep}`;
const labels = (text: string, sets: string[] = []) => load(text, sets).cells.map((cell) => cell.label);

describe("zip", () => {
  test("lists run together, times the grid, faster than it", () => {
    expect(labels(minimal("sweep: {grid: {seed: 1..2}, zip: {method.rank: [4, 8], method.scale: [8, 16]}}"))).toEqual([
      "seed=1 rank=4 scale=8",
      "seed=1 rank=8 scale=16",
      "seed=2 rank=4 scale=8",
      "seed=2 rank=8 scale=16",
    ]);
  });
  test("a range beside a list; the method before its parameters", () => {
    const text = "model: tiny\ntask: toy\nsweep: {zip: {method.rank: 4..6, method: [plain, moving, still]}}";
    const spec = load(text);
    expect(spec.cells.map(({ settings }) => [settings.method.name, settings.method.rank])).toEqual([
      ["plain", 4],
      ["moving", 5],
      ["still", 6],
    ]);
    expect(spec.cells[1]?.axes).toEqual({ "method.rank": 5, "method.name": "moving" });
  });
  test("--set can add a list to it", () => {
    expect(labels(minimal("sweep: {zip: {seed: 1..2}}"), ["sweep.zip.method.rank=[4, 8]"])).toEqual([
      "seed=1 rank=4",
      "seed=2 rank=8",
    ]);
  });
  test("problems", () => {
    expect(
      problems(
        minimal(`sweep:
  grid: {seed: 1..2}
  zip:
    method.rank: [0, 8]
    method.scale: 1..3
    seed: [1, 2]
    trian.seed: [1, 2]
    data.train_rows: 4
`),
      ),
    ).toMatchInlineSnapshot(`
      [
        "9:5 sweep.zip.seed: is in sweep.grid as well; a key is an axis once",
        "10:5 sweep.zip.trian.seed: unknown key | did you mean \`seed\`?",
        "11:22 sweep.zip.data.train_rows: expected a non-empty list or a range a..b of whole numbers, found 4",
      ]
    `);
    expect(problems(minimal("sweep: {zip: {method.rank: [0, 8], method.scale: [1]}}"))).toEqual([
      "4:50 sweep.zip.method.scale: has 1 value and method.rank has 2 values; lists that run together are equally long",
    ]);
    expect(problems(minimal("sweep: {zip: {method.rank: [0, 8], method.scale: [1, x]}}"))).toEqual([
      "4:29 method.rank: expected a whole number from 1, found 0",
      '4:54 method.scale: expected a number above 0 up to 64, found the text "x"',
    ]);
  });
});

describe("exclude", () => {
  const grid = "  grid: {method.merges: 0..2, method.injections: 0..2}\n";
  test("leaves out combinations that have all of an entry's values; lists and ranges mean any of them", () => {
    const spec = load(
      moving(`${grid}  exclude: [{method.merges: 1..2, method.injections: [1, 2]}, {method.merges: 0}]`),
    );
    expect(spec.cells.map((cell) => cell.label)).toEqual(["merges=1", "merges=2"]);
    expect(spec.notes).toEqual(["sweep.exclude leaves out 7 combinations"]);
    expect(spec.leftOut).toHaveLength(7);
    expect(spec.leftOut[0]).toEqual({
      axes: { "method.merges": 0, "method.injections": 0 },
      reason: "excluded by the spec",
    });
  });
  test("speaks of what variants set, of names alone, and of parts of mappings", () => {
    const text = (exclude: string) => `model: tiny
task: toy
sweep:
  variants: [{method: plain}, {method: {name: moving, rules: official}}]
  grid: {method.rank: [2, 4]}
  exclude: [${exclude}]`;
    expect(labels(text("{method: plain, method.rank: 4}"))).toEqual([
      "method=plain rank=2",
      "method=moving rank=2",
      "method=moving rank=4",
    ]);
    expect(labels(text("{method.name: moving}"))).toEqual(["rank=2", "rank=4"]);
    expect(labels(text("{method: {name: moving, rank: 2}}"))).toHaveLength(3);
    expect(labels(text("{method.rules: official}"))).toEqual(["rank=2", "rank=4"]);
  });
  test("a list as a value is written in a list", () => {
    const text =
      "sweep: {grid: {method.targets: [[query], [query, key]]}, exclude: [{method.targets: [[query, key]]}]}";
    expect(load(minimal(text)).cells.map(({ settings }) => settings.method.targets)).toEqual([["query"]]);
  });
  test("combinations that no method could have need not be valid", () => {
    const text = `model: tiny
task: toy
sweep:
  grid: {method: [plain, moving], method.merges: [null, 0, 1]}
  exclude: [{method: plain, method.merges: 0..1}, {method: moving, method.merges: null}]`;
    expect(problems(text)).toEqual(["4:35 method.merges: unknown key | `merges` is a parameter of moving"]);
    expect(labels(text.replace("[null, 0, 1]", "0..1").replace(/exclude.*/, "exclude: [{method: plain}]"))).toEqual([
      "merges=0",
      "merges=1",
    ]);
  });
  test("problems", () => {
    expect(
      problems(
        moving(`${grid}  exclude:
    - {method.merges: 3}
    - {method.merges: 1, method.injections: 2}
    - {metod.merges: 1}
    - {jobs: 1}
    - {}
    - {method.merges: 2..1}
    - {method.merges: []}
    - 5
`),
      ),
    ).toMatchInlineSnapshot(`
      [
        "9:8 sweep.exclude[2].metod.merges: unknown key | did you mean \`method.merges\`?",
        "10:8 sweep.exclude[3].jobs: cannot differ between the runs of a spec",
        "11:7 sweep.exclude[4]: names no key, so it would leave out every combination",
        "12:23 sweep.exclude[5].method.merges: the range 2..1 runs downwards; write 1..2",
        "13:23 sweep.exclude[6].method.merges: is empty",
        "14:7 sweep.exclude[7]: expected a mapping, found 5",
      ]
    `);
    expect(problems(moving(`${grid}  exclude: [{method.merges: 3}, {method.merges: 1, method.rank: 3}]`))).toEqual([
      "6:13 sweep.exclude[0]: leaves out nothing | its keys and values must be those of a combination of the sweep",
      "6:33 sweep.exclude[1]: leaves out nothing | its keys and values must be those of a combination of the sweep",
    ]);
    expect(problems(moving(`${grid}  exclude: [{method.merges: 0..2}]`))).toEqual([
      "6:3 sweep.exclude: leaves out every run of the sweep",
    ]);
  });
  test("one that fits nothing once the command line has changed the grid is a note", () => {
    const spec = load(moving(`${grid}  exclude: [{method.merges: 2}]`), ["sweep.grid.method.merges=0..1"]);
    expect(spec.cells).toHaveLength(6);
    expect(spec.notes).toEqual(["sweep.exclude[0] leaves out nothing"]);
  });
});

describe("include", () => {
  const grid = "  grid: {method.merges: 0..1, method.injections: 0..1}\n";
  test("a run of its own beside the grid, with or without a label", () => {
    const spec = load(moving(`${grid}  include: [{method: {name: plain, rank: 2}}, {label: small, method.rank: 1}]`));
    expect(spec.cells.map((cell) => cell.label)).toEqual([
      "merges=0 injections=0",
      "merges=0 injections=1",
      "merges=1 injections=0",
      "merges=1 injections=1",
      "method=plain rank=2",
      "small",
    ]);
    expect(spec.cells[4]?.settings.method).toMatchObject({ name: "plain", rank: 2 });
    expect(spec.cells[4]?.axes).toEqual({ "method.name": "plain", "method.rank": 2 });
    expect(spec.cells[0]?.axes).toMatchObject({ "method.merges": 0, "method.name": "moving", "method.rank": 8 });
  });
  test("an entry that fits combinations changes its other keys in them; later entries change more", () => {
    const spec = load(
      moving(
        `${grid}  include: [{method.merges: 1, train.learning_rate: 1e-3}, {method.merges: 1, method.injections: 1, train.learning_rate: 1e-4}]`,
      ),
    );
    expect(spec.cells.map((cell) => [cell.label, cell.settings.train.learning_rate])).toEqual([
      ["merges=0 injections=0", 4e-4],
      ["merges=0 injections=1", 4e-4],
      ["merges=1 injections=0 learning_rate=0.001", 1e-3],
      ["merges=1 injections=1 learning_rate=0.0001", 1e-4],
    ]);
  });
  test("in the combinations of every variant and of zip", () => {
    const text = `sweep:
  variants: [{label: a, train: {batch_size: 8}}, {label: b}]
  zip: {seed: [1, 2], method.rank: [4, 8]}
  include: [{seed: 2, train.max_length: 64}]`;
    expect(load(minimal(text)).cells.map((cell) => [cell.label, cell.settings.train.max_length])).toEqual([
      ["a seed=1 rank=4", 256],
      ["a seed=2 rank=8", 64],
      ["b seed=1 rank=4", 256],
      ["b seed=2 rank=8", 64],
    ]);
  });
  test("an entry that fits no combination is a run, also one that was excluded", () => {
    expect(
      labels(
        moving(`${grid}  exclude: [{method.merges: 1}]
  include: [{method.merges: 1, method.injections: 0}, {method.merges: 5}]`),
      ),
    ).toEqual(["merges=0 injections=0", "merges=0 injections=1", "merges=1 injections=0", "merges=5 injections=0"]);
  });
  test("alone it lists all runs there are", () => {
    expect(labels(minimal("sweep: {include: [{seed: 1}, {seed: 2, method.rank: 2}]}"))).toEqual([
      "seed=1",
      "seed=2 rank=2",
    ]);
  });
  test("problems", () => {
    expect(
      problems(
        moving(`${grid}  include:
    - {method.merges: 1}
    - {label: x, method.merges: 1, seed: 3}
    - {label: y, method: plain, method.merges: 1}
    - {seed: -1}
`),
      ),
    ).toMatchInlineSnapshot(`
      [
        "7:7 sweep.include[0]: is a combination of the sweep already, and changes nothing in it",
        "8:8 sweep.include[1].label: names a run of its own, but this entry changes 2 of the sweep's combinations",
        "9:8 sweep.include[2].label: names a run of its own, but this entry changes 2 of the sweep's combinations",
        "10:14 seed: expected a whole number from 0 to 4294967295, found -1",
      ]
    `);
    expect(
      problems(
        moving(`${grid}  include:
    - {label: a, seed: 1}
    - {label: a, seed: 2}
    - {sed: 1}
    - {on_error: stop}
    - [1]
`),
      ),
    ).toMatchInlineSnapshot(`
      [
        "8:15 sweep.include[1].label: another entry has the label "a"",
        "9:8 sweep.include[2].sed: unknown key | did you mean \`seed\`?",
        "10:8 sweep.include[3].on_error: cannot differ between the runs of a spec",
        "11:7 sweep.include[4]: expected a mapping, found a list",
      ]
    `);
    expect(problems(moving(`  grid: {seed: [-1]}\n  include: [{method: plain, method.rank: 0}, {metod: 1}]`))).toEqual([
      "5:17 seed: expected a whole number from 0 to 4294967295, found -1",
      "6:42 method.rank: expected a whole number from 1, found 0",
      "6:47 sweep.include[1].metod: unknown key | did you mean `method`?",
    ]);
  });
});

test("all parts together", () => {
  const spec = load(
    moving(`  variants: [{}, {method: {rules: official}}]
  grid: {method.merges: 0..6, method.injections: 0..6}
  zip: {seed: 1..3, data.split_seed: 1..3}
  exclude: [{method.merges: 4..6, method.injections: 4..6}]
  include: [{label: base, method: plain}]`),
  );
  expect(spec.cells).toHaveLength(2 * 3 * (49 - 9) + 1);
  expect(spec.cells.at(-1)).toMatchObject({ label: "base", settings: { method: { name: "plain" }, seed: 17 } });
  expect(spec.leftOut).toHaveLength(2 * 3 * 9);
});
