import { describe, expect, test } from "vitest";
import { signFlip, smallestP } from "./sign-flip.js";

describe("the smallest p", () => {
  test.each([
    [1, 1],
    [4, 0.125],
    [5, 0.0625],
    [6, 0.03125],
    [20, 2 / 2 ** 20],
    [32, 2 / 2 ** 32],
  ])("that %i pairs reach is %f, and they reach it", (n, smallest) => {
    expect(smallestP(n)).toBe(smallest);
    expect(signFlip(Array.from({ length: n }, (_, i) => 0.01 + i))).toEqual({ p: smallest, n, smallest, error: null });
  });
});

test("equal scores, and differences whose sums differ in the last digit alone, count as equal", () => {
  expect(signFlip([0, 0, 0])?.p).toBe(1);
  expect(signFlip([0.1, 0.2, 0.3])?.p).toBe(0.25);
  expect(signFlip([0.3, 0.1, -0.1, 0.2])?.p).toBe(signFlip([0.2, -0.1, 0.1, 0.3])?.p);
});

const spread = (n: number) => Array.from({ length: n }, (_, i) => ((i * 7) % 11) / 10 - 0.35);

test("of many pairs, all assignments are counted", () => {
  // numpy, all 2^24: for v in d: s = concatenate([s + v, s - v]); mean(abs(s) >= abs(sum(d)) - 1e-9)
  expect(signFlip(spread(24))).toMatchObject({ p: 0.05681192874908447, error: null });
});

test("beyond 32 pairs signs are drawn: near the exact p, with its error, and the same each time", () => {
  // The same over a histogram of the sums in units of 0.05: exact for 40 pairs.
  const exact = 0.005380494156270288;
  const found = signFlip(spread(40));
  expect(found?.error).toBeGreaterThan(0);
  expect(Math.abs((found?.p ?? 1) - exact)).toBeLessThan(4 * (found?.error ?? 0));
  expect(signFlip(spread(40))).toEqual(found);
  expect(signFlip(Array.from({ length: 40 }, () => 1))).toMatchObject({ p: 1e-5, smallest: 1e-5 });
});

test("nothing to test, or a value that is not finite", () => {
  expect(signFlip([])).toBeNull();
  expect(() => signFlip([1, Number.NaN])).toThrow(RangeError);
});
