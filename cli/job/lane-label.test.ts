import { expect, test } from "vitest";
import { laneLabel } from "./lane-label.js";

const grid = (merges: number[], injections: number[]) =>
  merges.flatMap((m) => injections.map((i) => `merges=${m} injections=${i}`));

test.each([
  [["merges=1 injections=2"], "merges=1 injections=2"],
  [grid([1, 2], [1, 2]), "4 runs: merges=1..2 injections=1..2"],
  [grid([0, 2, 5], [3]), "3 runs: merges=0,2,5 injections=3"],
  // three of the four: no rectangle
  [grid([1, 2], [1, 2]).slice(0, 3), "3 runs: merges=1 injections=1..2, merges=2 injections=1"],
  [grid([1, 2], [0, 1, 2]).slice(1), "5 runs: merges=1 injections=1..2, merges=2 injections=0..2"],
  [["merges=0 injections=1", "merges=1 injections=0"], "2 runs: merges=0 injections=1, merges=1 injections=0"],
  // what is alike stands once
  [["a x=1", "a x=2"], "2 runs: a x=1..2"],
  [["lora seed=1", "full seed=1"], "2 runs: lora seed=1, full seed=1"],
  [["x=lr=1", "x=lr=2"], "2 runs: x=lr=1,lr=2"],
  [["x=1", "y"], "2 runs: x=1, y"],
  [Array.from({ length: 20 }, (_, i) => `x=${2 * i}`), "20 runs: x=0,2,4,6,8,10,12,14,… (20)"],
  [Array.from({ length: 20 }, (_, i) => `x=${i} y=${i}`), /^20 runs: x=0 y=0, .*x=7 y=7, … \(20\)$/],
])("%j: %s", (labels, text) => {
  if (typeof text === "string") expect(laneLabel(labels)).toBe(text);
  else expect(laneLabel(labels)).toMatch(text);
});

test("every set of a grid: the label names its runs and no others", () => {
  const all = grid([0, 1, 2], [0, 1]);
  for (let set = 1; set < 2 ** all.length; set++) {
    const labels = all.filter((_, at) => set & (1 << at));
    expect(named(laneLabel(labels).replace(/^\d+ runs: /, "")), String(labels)).toEqual(labels.toSorted());
  }
});

/** The runs that a label without cuts names. */
function named(text: string): string[] {
  const values = (range: string) => {
    const [low = "", high] = range.split("..");
    return high === undefined ? range.split(",") : Array.from({ length: +high - +low + 1 }, (_, i) => `${+low + i}`);
  };
  return text
    .split(", ")
    .flatMap((group) => {
      const [, merges = "", injections = ""] = /^merges=(\S+) injections=(\S+)$/.exec(group) ?? [];
      return values(merges).flatMap((m) => values(injections).map((i) => `merges=${m} injections=${i}`));
    })
    .toSorted();
}
