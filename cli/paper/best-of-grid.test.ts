import { expect, test } from "vitest";
import { bestOfGrid, type Candidate } from "./best-of-grid.js";

const cell = (merges: number, injections: number, shown: number[], heldOut?: number[]): Candidate => ({
  merges,
  injections,
  scores: new Map(shown.map((score, i) => [17 + i, { shown: score, heldOut: heldOut?.[i] ?? null }])),
});
const place = (choice: ReturnType<typeof bestOfGrid>) => choice && [choice.best.merges, choice.best.injections];

test("chooses the highest mean; of equal ones that with the fewest merges, then injections", () => {
  expect(place(bestOfGrid([cell(0, 0, [80, 82]), cell(1, 4, [84, 80.2])]))).toEqual([1, 4]);
  expect(place(bestOfGrid([cell(2, 0, [80]), cell(1, 3, [80]), cell(1, 2, [80])]))).toEqual([1, 2]);
  expect(bestOfGrid([])).toBeNull();
});

test("cells with fewer seeds than the fullest are left out of the choice, and counted", () => {
  const choice = bestOfGrid([cell(0, 0, [80, 81]), cell(1, 1, [82, 81]), cell(2, 2, [99])]);
  expect(place(choice)).toEqual([1, 1]);
  expect(choice).toMatchObject({ cells: 2, leftOut: 1 });
});

test("leave one seed out: chosen by the other seeds, scored on the one left out", () => {
  // Without 17: A 80, B 82 -> B, scores 86 on 17. Without 18: A 84, B 86 -> B, scores 82 on 18. There is no optimism.
  const sure = bestOfGrid([cell(0, 0, [84, 80]), cell(1, 0, [86, 82])]);
  expect(sure).toMatchObject({ by: "leave-one-seed-out", honest: 84, optimism: 0 });
  // Each cell has one lucky seed. Without 17: B (90) -> 80 on 17. Without 18: A (91) -> 80 on 18.
  const lucky = bestOfGrid([cell(0, 0, [91, 80]), cell(1, 0, [80, 90])]);
  expect(place(lucky)).toEqual([0, 0]);
  expect(lucky).toMatchObject({ by: "leave-one-seed-out", honest: 80, optimism: 5.5 });
});

test("a holdout part of every run: chosen by it, reported on dev", () => {
  const choice = bestOfGrid([
    cell(0, 0, [84, 86], [70, 71]),
    cell(1, 0, [82, 83], [75, 74]),
    cell(2, 0, [80, 80], [1, 1]),
  ]);
  expect(place(choice)).toEqual([0, 0]);
  expect(choice).toMatchObject({ by: "holdout", honest: 82.5, optimism: 2.5, reason: null });
  // with one run without it, the other seeds choose
  const mixed = bestOfGrid([cell(0, 0, [84, 86], [70, 71]), cell(1, 0, [82, 83], [75])]);
  expect(mixed?.by).toBe("leave-one-seed-out");
});

test("optimism that cannot be estimated has a reason", () => {
  expect(bestOfGrid([cell(1, 4, [84, 85])])).toMatchObject({
    by: null,
    optimism: null,
    reason: expect.stringMatching(/one cell/),
  });
  expect(bestOfGrid([cell(1, 4, [84]), cell(0, 0, [80])])).toMatchObject({
    optimism: null,
    reason: expect.stringMatching(/one seed/),
  });
  // the grid has one seed, and only its best cell was repeated, so the choice cannot be checked
  expect(bestOfGrid([cell(1, 4, [84, 85]), cell(0, 0, [83])])).toMatchObject({
    optimism: null,
    leftOut: 1,
    reason: "the other cells have fewer seeds",
  });
  const other: Candidate = { merges: 0, injections: 0, scores: new Map([[99, { shown: 1, heldOut: null }]]) };
  expect(bestOfGrid([cell(1, 4, [84]), other])).toMatchObject({
    optimism: null,
    reason: expect.stringMatching(/different seeds/),
  });
});
