import { expect, test } from "vitest";
import { meanInterval, tQuantile } from "./mean-interval.js";

// R 4: qt(0.975, df), qt(0.95, df)
test.each([
  [0.975, 1, 12.7062047],
  [0.975, 2, 4.3026527],
  [0.975, 4, 2.7764451],
  [0.975, 9, 2.2621572],
  [0.975, 30, 2.0422725],
  [0.95, 2, 2.9199856],
  [0.025, 4, -2.7764451],
  [0.5, 7, 0],
])("t quantile of %d with %d degrees of freedom", (probability, df, expected) => {
  expect(tQuantile(probability, df)).toBeCloseTo(expected, 6);
});

test("mean, deviation and 95 % interval of three seeds, equal those of R's t.test", () => {
  const { n, mean, sd, low, high } = meanInterval([86.3, 87.0, 87.7]);
  expect([n, mean]).toEqual([3, expect.closeTo(87, 10)]);
  expect(sd).toBeCloseTo(0.7, 10);
  expect(low).toBeCloseTo(85.2611, 4);
  expect(high).toBeCloseTo(88.7389, 4);
});

test("another level, equal values, one value", () => {
  expect(meanInterval([86.3, 87.0, 87.7], 0.9).low).toBeCloseTo(85.8199, 4);
  expect(meanInterval([5, 5, 5])).toEqual({ n: 3, mean: 5, sd: 0, low: 5, high: 5 });
  expect(meanInterval([5])).toEqual({ n: 1, mean: 5, sd: null, low: null, high: null });
});

test("no values, or one that is not finite, is an error", () => {
  expect(() => meanInterval([])).toThrow(RangeError);
  expect(() => meanInterval([1, Number.NaN])).toThrow(RangeError);
  expect(() => tQuantile(1, 2)).toThrow(/probability 1/);
  expect(() => tQuantile(0.9, 0)).toThrow(/0 degrees/);
});
