import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { seedsToSettle } from "./seeds-to-settle.js";

/** Power of the two-sided paired t test; fixtures/with_scipy.py has the calls of scipy. */
const { power } = JSON.parse(readFileSync(new URL("fixtures/scipy.json", import.meta.url), "utf8")) as {
  power: { effect: number; n: number; power: number }[];
};

/** Two differences whose mean is so many of their standard deviations. */
const pair = (effect: number) => [effect - Math.SQRT1_2, effect + Math.SQRT1_2];

test.each([...new Set(power.map(({ effect }) => effect))])(
  "at %f deviations, within one seed of the exact power",
  (effect) => {
    const exact = power.find((one) => one.effect === effect && one.power >= 0.8)?.n ?? Number.NaN;
    expect(Math.abs((seedsToSettle(pair(effect))?.apart ?? 0) - exact)).toBeLessThanOrEqual(1);
  },
);

test("more power, or a higher level, takes more seeds", () => {
  const seeds = (options: object) => seedsToSettle(pair(0.5), options)?.apart ?? 0;
  expect(seeds({})).toBe(seeds({ power: 0.8, level: 0.95 }));
  expect(seeds({ power: 0.9 })).toBeGreaterThan(seeds({}));
  expect(seeds({ level: 0.99 })).toBeGreaterThan(seeds({}));
});

test("within a margin: the nearer the mean is to it, the more seeds; outside it none are enough", () => {
  const within = (margin: number) => seedsToSettle([0.001, 0.005, 0.003], { margin })?.within ?? null;
  expect(within(0.01)).toBeGreaterThanOrEqual(2);
  expect(within(0.004)).toBeGreaterThan(within(0.01) ?? 0);
  expect(within(0.003)).toBeNull();
  expect(seedsToSettle([0.001, 0.005])).toMatchObject({ within: null });
});

test("equal differences need two; a mean of zero and a tiny one no number", () => {
  expect(seedsToSettle([0.01, 0.01])?.apart).toBe(2);
  expect(seedsToSettle([0.01, -0.01])?.apart).toBeNull();
  expect(seedsToSettle([0, 0], { margin: 0.01 })).toMatchObject({ apart: null, within: 2 });
  expect(seedsToSettle(pair(0.001))?.apart).toBeNull();
});

test("one pair has no deviation", () => {
  expect(seedsToSettle([0.01])).toBeNull();
  expect(seedsToSettle([])).toBeNull();
});
