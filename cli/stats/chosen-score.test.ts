import { describe, expect, test } from "vitest";
import { type Candidate, chosenScore } from "./chosen-score.js";
import type { Items } from "./items.js";
import { uniforms } from "./random.js";

interface Cell extends Candidate {
  merges: number;
  injections: number;
}
const cell = (merges: number, injections: number, shown: number[], heldOut?: number[]): Cell => ({
  merges,
  injections,
  scores: new Map(shown.map((score, i) => [17 + i, { shown: score, heldOut: heldOut?.[i] ?? null }])),
});
const place = (choice: ReturnType<typeof chosenScore<Cell>>) => choice && [choice.best.merges, choice.best.injections];

test("chooses the highest mean, or the lowest loss; of equal ones the first", () => {
  expect(place(chosenScore([cell(0, 0, [80, 82]), cell(1, 4, [84, 80.2])]))).toEqual([1, 4]);
  expect(place(chosenScore([cell(1, 2, [80]), cell(1, 3, [80]), cell(2, 0, [80])]))).toEqual([1, 2]);
  expect(place(chosenScore([cell(1, 2, [0.8]), cell(1, 3, [0.7])], { lowerIsBetter: true }))).toEqual([1, 3]);
  expect(chosenScore([])).toBeNull();
});

test("cells with fewer seeds than the fullest are left out of the choice, and counted", () => {
  const choice = chosenScore([cell(0, 0, [80, 81]), cell(1, 1, [82, 81]), cell(2, 2, [99])]);
  expect(place(choice)).toEqual([1, 1]);
  expect(choice).toMatchObject({ cells: 2, leftOut: 1 });
});

test("leave one seed out: chosen by the other seeds, scored on the one left out", () => {
  // Without 17: A 80, B 82 -> B, scores 86 on 17. Without 18: A 84, B 86 -> B, scores 82 on 18. There is no optimism.
  const sure = chosenScore([cell(0, 0, [84, 80]), cell(1, 0, [86, 82])]);
  expect(sure).toMatchObject({ by: "leave-one-seed-out", honest: 84, optimism: 0 });
  // Each cell has one lucky seed. Without 17: B (90) -> 80 on 17. Without 18: A (91) -> 80 on 18.
  const lucky = chosenScore([cell(0, 0, [91, 80]), cell(1, 0, [80, 90])]);
  expect(place(lucky)).toEqual([0, 0]);
  expect(lucky).toMatchObject({ by: "leave-one-seed-out", honest: 80, optimism: 5.5 });
});

test("of several that are equal on the seeds that choose, each could be the choice, in whatever order they come", () => {
  const cells = [cell(0, 0, [0.6406, 0.6406]), cell(1, 0, [0.6406, 0.6563]), cell(2, 0, [0.625, 0.6563])];
  // Without 17: the last two are equal, 0.6406 and 0.6250 on 17. Without 18: the first two, 0.6406 and 0.6563 on 18.
  const honest = ((0.6406 + 0.625) / 2 + (0.6406 + 0.6563) / 2) / 2;
  for (const order of [
    [0, 1, 2],
    [1, 0, 2],
    [2, 1, 0],
  ]) {
    expect(chosenScore(order.map((at) => cells[at] as Cell))?.honest).toBeCloseTo(honest, 12);
  }
  const held = [cell(0, 0, [84], [70]), cell(1, 0, [80], [70]), cell(2, 0, [82], [60])];
  expect(chosenScore(held)).toMatchObject({ by: "holdout", honest: 82 });
  expect(chosenScore(held.toReversed())).toMatchObject({ by: "holdout", honest: 82 });
});

test("a holdout part of every run: chosen by it, reported on dev", () => {
  const choice = chosenScore([
    cell(0, 0, [84, 86], [70, 71]),
    cell(1, 0, [82, 83], [75, 74]),
    cell(2, 0, [80, 80], [1, 1]),
  ]);
  expect(place(choice)).toEqual([0, 0]);
  expect(choice).toMatchObject({ by: "holdout", honest: 82.5, optimism: 2.5, reason: null });
  // with one run without it, the other seeds choose
  const mixed = chosenScore([cell(0, 0, [84, 86], [70, 71]), cell(1, 0, [82, 83], [75])]);
  expect(mixed?.by).toBe("leave-one-seed-out");
});

test("optimism that cannot be estimated has a reason", () => {
  expect(chosenScore([cell(1, 4, [84, 85])])).toMatchObject({
    by: null,
    optimism: null,
    reason: expect.stringMatching(/one cell/),
  });
  expect(chosenScore([cell(1, 4, [84]), cell(0, 0, [80])])).toMatchObject({
    optimism: null,
    reason: expect.stringMatching(/one seed/),
  });
  // the grid has one seed, and only its best cell was repeated, so the choice cannot be checked
  expect(chosenScore([cell(1, 4, [84, 85]), cell(0, 0, [83])])).toMatchObject({
    optimism: null,
    leftOut: 1,
    reason: "the other cells have fewer seeds",
  });
  const other: Cell = { merges: 0, injections: 0, scores: new Map([[99, { shown: 1, heldOut: null }]]) };
  expect(chosenScore([cell(1, 4, [84]), other])).toMatchObject({
    optimism: null,
    reason: expect.stringMatching(/different seeds/),
  });
});

test("of a loss the optimism is how much lower the best is", () => {
  const lucky = chosenScore([cell(0, 0, [0.2, 0.31]), cell(1, 0, [0.3, 0.22])], { lowerIsBetter: true });
  // Without 17: B (0.22) -> 0.3 on 17. Without 18: A (0.2) -> 0.31 on 18.
  expect(place(lucky)).toEqual([0, 0]);
  expect(lucky?.honest).toBeCloseTo(0.305, 12);
  expect(lucky?.optimism).toBeCloseTo(0.305 - 0.255, 12);
});

describe("one seed: a sample of the rows chooses, the other rows score the choice", () => {
  const ROWS = 300;
  const right = (is: (row: number) => boolean): Items => {
    const rows = Float64Array.from({ length: ROWS }, (_, row) => Number(is(row)));
    return {
      rows: ROWS,
      score: (sample) => {
        let sum = 0;
        for (let at = 0; at < sample.length; at++) sum += rows[sample[at] ?? 0] ?? 0;
        return sum / sample.length;
      },
    };
  };
  const share = (items: Items) => items.score(Array.from({ length: ROWS }, (_, row) => row));
  const choose = (all: readonly (Items | string)[]) => {
    const cells = all.map((items, i) => ({ ...cell(i, 0, [typeof items === "string" ? 0.5 : share(items)]), items }));
    return chosenScore(cells, { items: (one) => one.items });
  };
  const coin = (i: number) => {
    const next = uniforms(i);
    return right(() => next() < 0.5);
  };
  test("of ten coins the best was luck: its corrected score is near one half", () => {
    const found = choose(Array.from({ length: 10 }, (_, i) => coin(i)));
    expect(found).toMatchObject({ by: "bootstrap", cells: 10, reason: null });
    expect(share(found?.best.items as Items)).toBeGreaterThan(0.53);
    expect(Math.abs((found?.honest ?? 0) - 0.5)).toBeLessThan(0.03);
    expect(found?.optimism).toBeGreaterThan(0.015);
    expect(found?.error).toBeGreaterThan(0.0001);
    expect(found?.error).toBeLessThan(0.001);
  });
  test("a cell that is better in most rows owes nothing to the choice", () => {
    const found = choose([right((row) => row % 10 < 6), right((row) => row % 10 !== 0)]);
    expect(found?.best.merges).toBe(1);
    expect(Math.abs(found?.optimism ?? 1)).toBeLessThan(0.0005);
  });
  test("of five with equal predictions nothing is chosen: the corrected score is the score", () => {
    const found = choose([1, 2, 3, 4, 5].map(() => right((row) => row % 8 < 5)));
    expect(found?.honest).toBeCloseTo(share(right((row) => row % 8 < 5)), 12);
    expect(found?.error).toBeLessThan(1e-12);
  });
  test("the same each time; a run without rows, or on others, says so", () => {
    expect(choose([coin(1), coin(2)])).toEqual({ ...choose([coin(1), coin(2)]), best: expect.anything() });
    expect(choose([coin(1), "run 3 has no stored predictions"])?.reason).toBe(
      "one seed and no holdout part, and run 3 has no stored predictions",
    );
    expect(choose([coin(1), { ...coin(2), rows: 3 }])?.reason).toMatch(/the rows differ/);
  });
});
