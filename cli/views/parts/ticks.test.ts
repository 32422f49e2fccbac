import { describe, expect, test } from "vitest";
import { enclosingLogTicks, enclosingTicks, innerTicks, tickTexts } from "./ticks.js";

describe("ticks are round numbers", () => {
  test.each([
    [0.684, 0.75, 3, [0.65, 0.7, 0.75]],
    [0.684, 0.75, 6, [0.68, 0.7, 0.72, 0.74, 0.76]],
    [0, 1, 3, [0, 0.5, 1]],
    [-3, 3, 5, [-4, -2, 0, 2, 4]],
    [1e-7, 3e-7, 4, [1e-7, 2e-7, 3e-7]],
    [0.3, 0.9, 4, [0, 0.5, 1]],
  ])("%s to %s, at most %i", (low, high, most, expected) => {
    const ticks = enclosingTicks(low, high, most);
    expect(ticks).toEqual(expected);
    expect(ticks.length).toBeLessThanOrEqual(most);
    expect(ticks[0]).toBeLessThanOrEqual(low);
    expect(ticks.at(-1)).toBeGreaterThanOrEqual(high);
  });
});

test("ticks within a range may be none; steps have a least size", () => {
  expect(innerTicks(0.3, 4, 6, 1)).toEqual([1, 2, 3, 4]);
  expect(innerTicks(1, 30, 4, 1)).toEqual([10, 20, 30]);
  expect(innerTicks(0.31, 0.94, 4, 0)).toEqual([0.4, 0.6, 0.8]);
  expect(innerTicks(1.1, 1.9, 3, 1)).toEqual([]);
});

test("ticks of a logarithmic axis", () => {
  const most = (count: number) => (ticks: readonly number[]) => ticks.length <= count;
  expect(enclosingLogTicks(0.03, 2, most(6))).toEqual([0.03, 0.1, 0.3, 1, 3]);
  expect(enclosingLogTicks(0.03, 2, most(7))).toEqual([0.02, 0.05, 0.1, 0.2, 0.5, 1, 2]);
  expect(enclosingLogTicks(1e-9, 5, most(4))).toEqual([1e-9, 1e-5, 1e-1, 1e3]);
  expect(enclosingLogTicks(1, 10, most(2))).toEqual([1, 10]);
});

test("texts of ticks have the same decimals, and an exponent only where they need one", () => {
  expect(tickTexts([0, 0.5, 1])).toEqual(["0.0", "0.5", "1.0"]);
  expect(tickTexts([-0, 20, 40])).toEqual(["0", "20", "40"]);
  expect(tickTexts([1e-7, 2e-7])).toEqual(["1e-7", "2e-7"]);
  expect(tickTexts([0, 5e6])).toEqual(["0e0", "5e6"]);
  expect(tickTexts([0.01, 0.1, 1])).toEqual(["0.01", "0.10", "1.00"]);
});
