import { describe, expect, test } from "vitest";
import { axisSets } from "./sweep.js";

const none = { grid: [] };

describe("options of lor2c sweep as --set", () => {
  test("ranges, lists, single values, any key", () => {
    expect(axisSets({ merges: "0..6", injections: "0,2,4", seed: "3", grid: [] })).toEqual([
      "sweep.grid.method.merges=0..6",
      "sweep.grid.method.injections=[0,2,4]",
      "sweep.grid.seed=[3]",
    ]);
    const grid = ["train.learning_rate=1e-4,4e-4", "method.target_modules=[[query], [query, value]]"];
    expect(axisSets({ grid })).toEqual([
      "sweep.grid.train.learning_rate=[1e-4,4e-4]",
      "sweep.grid.method.target_modules=[[query], [query, value]]",
    ]);
    expect(axisSets(none)).toEqual([]);
  });
  test.each([
    [{ merges: "", grid: [] }, /--merges: give, once, a range such as 0..6/],
    [{ merges: ["0..1", "2"] as unknown as string, grid: [] }, /--merges: give, once/],
    [{ grid: ["seed"] }, /--grid seed: write key=values/],
    [{ grid: ["=1"] }, /--grid =1: write key=values/],
    [{ grid: ["seed="] }, /--grid seed: give, once/],
  ])("%j", (args, message) => {
    expect(() => axisSets(args)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(message), exitCode: 2 }),
    );
  });
});
