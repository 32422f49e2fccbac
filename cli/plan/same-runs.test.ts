import { expect, test } from "vitest";
import { sameRunNotes } from "./same-runs.js";

/** A run with the first label; its other combinations have the other labels. */
const run = (label: string, ...others: string[]) => ({
  label,
  also: others.map((label, i) => ({ position: i + 1, label, axes: {} })),
});

test("there is no note if all differ", () => {
  expect(sameRunNotes([run("a"), run("b")])).toEqual([]);
});

test("all combinations of a run are named together", () => {
  expect(sameRunNotes([run("a", "b", "c"), run("d"), run("e", "f")])).toEqual([
    "3 of 6 combinations are the same runs as others, by settings and contents: a, b and c; e and f",
  ]);
});

test("a thousand are one note of one line", () => {
  const many = Array.from({ length: 1000 }, (_, i) => `seed=${i}`);
  expect(sameRunNotes([run("first", ...many)])).toEqual([
    "1,000 of 1,001 combinations are the same runs as others, by settings and contents: first, seed=0, seed=1 and 998 more",
  ]);
  expect(sameRunNotes(many.map((label) => run(label, `${label} again`)))).toEqual([
    "1,000 of 2,000 combinations are the same runs as others, by settings and contents: " +
      "seed=0 and seed=0 again; seed=1 and seed=1 again; seed=2 and seed=2 again; and 997 more runs",
  ]);
});
