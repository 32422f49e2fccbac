import { describe, expect, test } from "vitest";
import type { GridCellRow } from "../../store/read.js";
import { sampleGrid, sampleRows } from "../fixtures/grid.js";
import { buildGrid, type Grid } from "./grid.js";
import { footnotes } from "./marks.js";

type Change = (merges: number, injections: number, row: GridCellRow) => Partial<GridCellRow>;
const rows = (change: Change, seeds = 1) =>
  sampleRows({
    seeds,
    change: (row) => change(row.axes["method.merges"] as number, row.axes["method.injections"] as number, row),
  });
const at = (grid: Grid, merges: number, injections: number) => {
  const cell = grid.cells.find(({ row, col }) => row === merges && col === injections);
  if (!cell) throw new Error("no such cell");
  return cell;
};

describe("a cell", () => {
  test("mean and deviation over its seeds", () => {
    const cell = at(sampleGrid(sampleRows({ seeds: 3 })), 0, 0);
    expect(cell).toMatchObject({ state: "finished", n: 3, of: 3 });
    expect(cell.mean).toBeCloseTo(0.8725 + 0.0025, 12);
    expect(cell.deviation).toBeCloseTo(0.0025, 12);
    expect(at(sampleGrid(), 0, 0)).toMatchObject({ n: 1, deviation: null });
  });
  test.each([
    ["running", [{ state: "running", running: 1, value: null, so_far: 0.5 }], { state: "running", n: 2, soFar: 0.5 }],
    [
      "failed",
      [{ state: "out_of_memory", value: null }],
      { state: "failed", n: 2, reason: expect.stringContaining("out of memory") },
    ],
    [
      "stopped: its newest score, which is not final",
      [
        { state: "stopped", value: null, so_far: 0.7 },
        { state: "stopped", value: null, so_far: 0.6 },
        { state: "planned", value: null },
      ],
      { state: "stopped", n: 0, mean: null, soFar: expect.closeTo(0.65, 12) },
    ],
    ["lost with a score", [{ state: "lost", value: null, so_far: 0.7 }], { state: "failed", n: 2, soFar: 0.7 }],
    [
      "diverged: what it scored before says nothing",
      [{ state: "failed", value: null, so_far: 0.7, error_type: "Diverged", message: "" }],
      { state: "diverged", soFar: null },
    ],
    ["lost is failed", [{ state: "lost", value: null }], { state: "failed" }],
    [
      "stopped before planned",
      [
        { state: "planned", value: null },
        { state: "stopped", value: null },
      ],
      { state: "stopped", n: 1, reason: null },
    ],
    [
      "running before failed",
      [
        { state: "failed", value: null },
        { state: "running", running: 1, value: null },
      ],
      { state: "running", soFar: null },
    ],
    [
      "failed before planned",
      [
        { state: "planned", value: null },
        { state: "failed", value: null },
      ],
      { state: "failed" },
    ],
    [
      "diverged",
      [{ state: "failed", value: null, error_type: "Diverged", message: "not finite from step 7 on" }],
      { state: "diverged", n: 2, of: 3, reason: expect.stringMatching(/^diverged at step 7, run /) },
    ],
    [
      "failed before diverged",
      [
        { state: "failed", value: null, error_type: "Diverged", message: "" },
        { state: "failed", value: null, error_type: "ValueError" },
      ],
      { state: "failed", reason: expect.stringContaining("ValueError") },
    ],
    ["trained again: its score stands", [{ running: 1 }], { state: "finished", n: 3 }],
    ["one not finite", [{ value: null }], { state: "finished", n: 2, of: 3 }],
    ["none finite", [{ value: null }, { value: null }, { value: null }], { state: "diverged", n: 0, mean: null }],
  ] as [string, Partial<GridCellRow>[], object][])("%s", (_, changes, expected) => {
    const grid = sampleGrid(rows((m, i, row) => (m === 1 && i === 1 ? (changes[row.seed - 17] ?? {}) : {}), 3));
    expect(at(grid, 1, 1)).toMatchObject(expected);
  });
  test("a cell without runs is left out, with the reason if it is known", () => {
    const cells = sampleRows().filter(
      ({ axes }) => !(axes["method.merges"] === 2 && Number(axes["method.injections"]) > 1),
    );
    const leftOut = [{ axes: { "method.merges": 2, "method.injections": 3 }, reason: "12 layers only" }];
    const options = { rows: "method.merges", cols: "method.injections", metric: null, which: "best" } as const;
    const grid = buildGrid({ experiment: { id: 1, name: "x" }, cells, leftOut }, options);
    expect(at(grid, 2, 3)).toMatchObject({ state: "left_out", of: 0, reason: "12 layers only", coincides: null });
    // Two cells without runs do not coincide.
    expect(at(grid, 2, 2)).toMatchObject({ state: "left_out", reason: null, coincides: null });
    // A row that the spec asks for is shown even if none of it can run.
    const row = { "method.merges": 9, "method.injections": 0 };
    const values = (reason: string) =>
      buildGrid({ experiment: { id: 1, name: "x" }, cells, leftOut: [{ axes: row, reason }] }, options).rows.values;
    expect(values("cannot run: 12 layers only")).toEqual([0, 1, 2, 9]);
    expect(values("excluded by the spec")).toEqual([0, 1, 2]);
  });
});

test("scores of different numerics are drawn with a note", () => {
  expect(sampleGrid().notes).toEqual([]);
  const [note, ...others] = sampleGrid(rows((m) => ({ numerics: m === 0 ? 1 : 2 }))).notes;
  expect(note).toMatch(/^these runs have numerics 1 and 2, .*do not compare/);
  expect(others).toEqual([]);
});

describe("best", () => {
  const best = (grid: Grid) => grid.cells.filter((cell) => cell.best).map(({ row, col }) => [row, col]);
  test("is the highest, or the lowest loss; equal ones are all best; none is if all cells are equal", () => {
    expect(best(sampleGrid())).toEqual([[1, 3]]);
    expect(best(sampleGrid(undefined, { metric: "loss" }))).toEqual([[0, 0]]);
    expect(best(sampleGrid(rows((m) => (m === 2 ? { value: 0.9 } : {}))))).toEqual([
      [2, 0],
      [2, 1],
      [2, 2],
      [2, 3],
    ]);
    expect(best(sampleGrid(rows(() => ({ value: 0.9 }))))).toEqual([]);
  });
  test("a single seed is not compared with means", () => {
    const grid = sampleGrid(
      rows(
        (m, i, row) => (m + i === 0 ? (row.seed === 17 ? { value: 0.99 } : { state: "failed", value: null }) : {}),
        3,
      ),
    );
    expect(at(grid, 0, 0)).toMatchObject({ n: 1, best: false });
    expect(best(grid)).toEqual([[1, 3]]);
  });
});

describe("cells that coincide", () => {
  const same: Change = (m, i) => (m === 2 && i === 3 ? { changes: JSON.stringify([1, 3]) } : {});
  test("have equal changes and equal settings, except the two numbers", () => {
    expect(at(sampleGrid(rows(same)), 2, 3).coincides).toEqual({ row: 1, col: 3 });
    expect(at(sampleGrid(rows(same)), 1, 3).coincides).toBeNull();
    expect(sampleGrid().cells.every((cell) => cell.coincides === null)).toBe(true);
  });
  test("for every seed, not only for some", () => {
    expect(at(sampleGrid(rows(same, 2)), 2, 3).coincides).toEqual({ row: 1, col: 3 });
    const some: Change = (m, i, row) => (row.seed === 17 ? same(m, i, row) : {});
    expect(at(sampleGrid(rows(some, 2)), 2, 3).coincides).toBeNull();
  });
  test("not with other settings, except for logging, and not in training", () => {
    const other =
      (train: object): Change =>
      (m, i, row) =>
        m === 2 && i === 3 ? { ...same(m, i, row), settings: { ...row.settings, train } } : {};
    expect(at(sampleGrid(rows(other({ logging_steps: 1 }))), 2, 3).coincides).toEqual({ row: 1, col: 3 });
    expect(at(sampleGrid(rows(other({ logging_steps: 10, batch_size: 8 }))), 2, 3).coincides).toBeNull();
    const running: Change = (m, i, row) => ({
      ...same(m, i, row),
      ...(m === 2 && { state: "running", running: 1, value: null }),
    });
    expect(at(sampleGrid(rows(running)), 2, 3).coincides).toBeNull();
  });
  test("an axis that changes the training itself makes no coinciding cells", () => {
    const cells = rows((m, i, row) => ({
      axes: { "train.learning_rate": m, "method.rank": i },
      settings: { ...row.settings, train: { learning_rate: m }, method: { rank: i } },
      changes: "[]",
    }));
    const grid = sampleGrid(cells, { rows: "train.learning_rate", cols: "method.rank" });
    expect(grid.cells.every((cell) => cell.coincides === null)).toBe(true);
  });
});

describe("the whole", () => {
  test("axes are sorted by number, whatever the order of the runs; texts keep the order of the spec", () => {
    const reversed = sampleRows().toReversed();
    expect(sampleGrid(reversed).rows).toEqual({
      key: "method.merges",
      name: "merges",
      symbol: "M",
      values: [0, 1, 2],
      texts: ["0", "1", "2"],
    });
    const named = rows((m) => ({ axes: { "method.name": ["c", "a", "b"][m] ?? "", "method.rank": 1 } })).slice(0, 12);
    const grid = sampleGrid(
      named.filter((_, i) => i % 4 === 0),
      { rows: "method.name", cols: "method.rank" },
    );
    expect(grid.rows).toMatchObject({ name: "method", symbol: null, values: ["c", "a", "b"] });
  });
  test("runs without these axes are listed beside it", () => {
    const [first] = sampleRows();
    if (!first) throw new Error("no rows");
    const lora = {
      ...first,
      run: "f".repeat(16),
      label: "LoRA",
      axes: { "method.name": "lora" },
      method: "lora",
      value: 0.79,
    };
    const grid = sampleGrid([...sampleRows(), lora]);
    expect(grid.beside).toEqual([
      { label: "LoRA", n: 1, of: 1, mean: 0.79, deviation: null, state: "finished", runs: [lora.run] },
    ]);
    expect(grid.method).toBe("imlor2c");
    expect(grid.cells).toHaveLength(12);
  });
  test("seeds of one thing beside it are one line, with mean, deviation and number", () => {
    const [first] = sampleRows();
    if (!first) throw new Error("no rows");
    const beside = ["LoRA", "PiSSA"].flatMap((label) =>
      [1, 2, 3].map((seed) => ({
        ...first,
        ...{ run: `${label}${seed}`, label: `${label} seed=${seed}`, seed, axes: { "method.name": label, seed } },
        ...(label === "PiSSA" && seed === 2 ? { state: "failed" as const, value: null } : { value: 0.78 + seed / 100 }),
      })),
    );
    const grid = sampleGrid([...sampleRows(), ...beside]);
    expect(grid.beside).toMatchObject([
      { label: "LoRA", n: 3, of: 3, deviation: expect.closeTo(0.01, 12), runs: ["LoRA1", "LoRA2", "LoRA3"] },
      { label: "PiSSA", n: 2, of: 3, state: null },
    ]);
    expect(footnotes(grid).filter((line) => line.startsWith("beside"))).toEqual([
      "beside the grid: LoRA 80.00 ±1.00 (3 seeds)",
      "beside the grid: PiSSA 80.00 ±1.41 (2 of 3 seeds)",
    ]);
  });
  test("a note names an axis that differs between cells but not within one", () => {
    const cells = rows((m, _, row) => ({ axes: { ...row.axes, "train.weight_decay": m } }));
    expect(sampleGrid(cells).notes).toEqual(["train.weight_decay differs between cells"]);
  });
  test("a grid does not mix two kinds of score", () => {
    const cells = rows((m) => ({ score_name: m === 0 ? "accuracy" : "pearson" }));
    expect(() => sampleGrid(cells)).toThrow("the cells have different scores: accuracy, pearson");
    expect(sampleGrid(cells, { metric: "loss" }).score).toMatchObject({
      name: "loss",
      lowerIsBetter: true,
      fraction: false,
    });
  });
  test("a grid in which nothing is trained yet", () => {
    const grid = sampleGrid(rows(() => ({ state: "planned", value: null, score_name: null })));
    expect(grid).toMatchObject({ score: { name: "score", fraction: false }, majority: 0.684, seeds: 1 });
    expect(grid.cells.every((cell) => cell.state === "planned" && !cell.best && !cell.coincides)).toBe(true);
  });
});
