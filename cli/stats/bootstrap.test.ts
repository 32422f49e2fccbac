import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { pairedBootstrap, resamplesFor } from "./bootstrap.js";
import { type Answers, type Items, itemsOf } from "./items.js";

/** What scikit-learn and scipy say; fixtures/with_scipy.py has the calls. */
interface Recorded {
  items: (Pick<Answers, "kind" | "columns" | "labels" | "scores"> & {
    sample: number[];
    of: Record<string, [all: number, sampled: number]>;
  })[];
  bootstrap: { one: number[]; other: number[]; low: number; high: number; below: number };
}
const { items, bootstrap } = JSON.parse(
  readFileSync(new URL("fixtures/scipy.json", import.meta.url), "utf8"),
) as Recorded;

const rest = { rows: 40, part: null, parts: [] };
const scores = items.flatMap((one) => Object.entries(one.of).map(([score, expected]) => ({ ...one, score, expected })));

test.each(scores)("$score of $columns columns, on all rows and on a sample", ({ sample, expected, ...answers }) => {
  const own = itemsOf({ ...answers, ...rest }) as Items;
  expect(own.score([...Array(40).keys()])).toBeCloseTo(expected[0], 10);
  expect(own.score(sample)).toBeCloseTo(expected[1], 10);
});

test("a score of one part of the rows is of these rows; one that is not known says so", () => {
  const answers = { kind: "classify", columns: 2, rows: 3, labels: [0, 1, 1], scores: [1, 0, 1, 0, 0, 1] } as const;
  const parted = { ...answers, part: [0, 1, 1], parts: ["m", "mm"] };
  const mismatched = itemsOf({ ...parted, score: "accuracy_mm" }) as Items;
  expect([mismatched.rows, mismatched.score([0, 1])]).toEqual([2, 0.5]);
  expect((itemsOf({ ...parted, score: "accuracy" }) as Items).rows).toBe(3);
  expect(itemsOf({ ...parted, score: "auroc" })).toBe("auroc is not computed on a part of the rows");
  expect(itemsOf({ ...parted, score: "accuracy_mm", parts: [] })).toMatch(/not computed/);
  expect(itemsOf({ ...parted, score: "accuracy_mm", part: [0, 0, 0] })).toMatch(/not computed/);
});

test("lists of labels count where every label is right; constant predictions have no correlation", () => {
  const lists = { kind: "multi_label", columns: 2, rows: 2, labels: [1, 0, 1, 1], scores: [2, -1, 2, -1] } as const;
  expect((itemsOf({ ...lists, ...rest, rows: 2, score: "accuracy" }) as Items).score([0, 1, 1, 1])).toBe(0.25);
  const constant = { kind: "regress", columns: 1, rows: 2, labels: [1, 2], scores: [3, 3] } as const;
  expect((itemsOf({ ...constant, ...rest, rows: 2, score: "pearson" }) as Items).score([0, 1])).toBe(0);
});

describe("the paired bootstrap", () => {
  const rows = (right: readonly number[]): Items => ({
    rows: right.length,
    score: (sample) => {
      let sum = 0;
      for (let i = 0; i < sample.length; i++) sum += right[sample[i] ?? 0] ?? 0;
      return sum / sample.length;
    },
  });
  const [one, other] = [rows(bootstrap.one), rows(bootstrap.other)];
  test("has scipy's interval and p, as near as 10,000 samples come", () => {
    const [found] = pairedBootstrap(one, [other], { resamples: 10_000 });
    expect(found?.difference).toBeCloseTo(one.score(all(200)) - other.score(all(200)), 12);
    // one row of 200 is 0.005: ends of intervals are sums of rows
    expect(Math.abs((found?.low ?? 0) - bootstrap.low)).toBeLessThan(0.0051);
    expect(Math.abs((found?.high ?? 0) - bootstrap.high)).toBeLessThan(0.0051);
    const error = 4 * Math.sqrt((bootstrap.below * (1 - bootstrap.below)) / 10_000);
    expect(Math.abs((found?.p ?? 0) - 2 * bootstrap.below)).toBeLessThan(2 * error);
  });
  test("is the same each time, the same with other runs beside it, and turns its sign with the order", () => {
    const options = { resamples: 500 };
    const [found, equal] = pairedBootstrap(one, [other, one], options);
    expect(pairedBootstrap(one, [other], options)[0]).toEqual(found);
    expect(equal).toEqual({ difference: 0, low: 0, high: 0, p: 1, resamples: 500 });
    const [turned] = pairedBootstrap(other, [one], options);
    expect(turned?.difference).toBeCloseTo(-(found?.difference ?? 0), 12);
    expect(turned?.p).toBe(found?.p);
  });
  test("p is never 0", () => {
    const [found] = pairedBootstrap(rows([1, 1, 1]), [rows([0, 0, 0])], { resamples: 999 });
    expect(found).toMatchObject({ low: 1, high: 1, p: 0.002 });
  });
  test("refuses other rows", () => {
    expect(() => pairedBootstrap(one, [rows([1])])).toThrow(RangeError);
  });
});

const all = (count: number) => [...Array(count).keys()];

test("ten thousand samples, fewer of many rows, never under a thousand", () => {
  expect([resamplesFor(408, 9), resamplesFor(5463, 9), resamplesFor(40_430, 49)]).toEqual([10_000, 4067, 1000]);
});
