import { describe, expect, test } from "vitest";
import { sampleRows } from "../fixtures/grid.js";
import { chooseAxes, filterCells, refuseMixtures } from "./axes.js";

const axes = (...list: string[]) => list.map((axis) => ({ axis, numeric: axis.startsWith("text") ? 0 : 1 }) as const);
const GRID = axes("method.injections", "method.merges", "seed", "train.learning_rate");

describe("the two axes", () => {
  test.each([
    ["merges by injections come first", GRID, {}, { rows: "method.merges", cols: "method.injections" }],
    [
      "one asked for, the other of the pair",
      GRID,
      { cols: "merges" },
      { rows: "method.injections", cols: "method.merges" },
    ],
    [
      "both asked for, by their last parts",
      GRID,
      { rows: "learning_rate", cols: "seed" },
      { rows: "train.learning_rate", cols: "seed" },
    ],
    [
      "two axes of numbers; seeds and texts are none",
      axes("data.split_seed", "method.rank", "seed", "text", "train.batch_size"),
      {},
      { rows: "method.rank", cols: "train.batch_size" },
    ],
    [
      "`method` is method.name",
      axes("text.name", "task"),
      { rows: "text", cols: "task" },
      { rows: "text.name", cols: "task" },
    ],
  ] as const)("%s", (_, known, asked, expected) => expect(chooseAxes(known, asked)).toEqual(expected));

  test.each([
    [axes("method.merges"), {}, /no two axes of numbers.*varies in it: method.merges/],
    [axes(), {}, /nothing varies/],
    [axes("a", "b", "c"), {}, /no two axes/],
    [GRID, { rows: "rank" }, /rank does not vary in it; what varies: method.injections/],
    [GRID, { rows: "merges", cols: "method.merges" }, /both method.merges/],
    [axes("a.rank", "b.rank"), { rows: "rank" }, /rank does not vary/],
  ])("%j %j: why there are none", (known, asked, why) => expect(chooseAxes(known, asked)).toMatch(why));
});

describe("--where", () => {
  const cells = sampleRows({
    seeds: 2,
    change: (row) => ({ axes: { ...row.axes, "train.learning_rate": row.seed === 17 ? 1e-4 : 4e-4 } }),
  });
  test("numbers are compared as numbers, conditions are combined", () => {
    expect(filterCells(cells, ["learning_rate=0.0001"])).toHaveLength(12);
    expect(filterCells(cells, ["train.learning_rate=1e-4", "merges=2"])).toHaveLength(4);
  });
  test.each([
    ["rank=1", "rank does not vary in it", "what varies: method.merges, method.injections, seed, train.learning_rate"],
    ["merges", '"merges" is not key=value', "what varies"],
    ["merges=7", "no run has method.merges=7", "its values: 0, 1, 2"],
    ["merges=", "no run has method.merges=", "its values: 0, 1, 2"],
  ])("%s", (condition, message, hint) => {
    expect(() => filterCells(cells, [condition])).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
        exitCode: 2,
      }),
    );
  });
});

describe("a third axis", () => {
  const learning = (...rates: number[]) =>
    rates.flatMap((rate) =>
      sampleRows({ seeds: 2, change: (row) => ({ axes: { ...row.axes, "train.learning_rate": rate } }) }),
    );
  const refuse = (cells: ReturnType<typeof sampleRows>) => () =>
    refuseMixtures(cells, "method.merges", "method.injections");
  test("is never averaged: the error names it and its values", () => {
    expect(refuse(learning(1e-4, 4e-4))).toThrow(
      expect.objectContaining({
        message: expect.stringContaining("train.learning_rate varies as well"),
        hint: expect.stringContaining("--where train.learning_rate=VALUE (0.0001, 0.0004)"),
      }),
    );
    expect(refuse(learning(1e-4))).not.toThrow();
  });
  test("also if some runs do not have it", () => {
    const [first, ...rest] = learning(1e-4, 1e-4);
    if (!first) throw new Error("no rows");
    const { "train.learning_rate": _, ...axes } = first.axes;
    expect(refuse([{ ...first, axes }, ...rest])).toThrow(/train.learning_rate varies as well/);
  });
});
