import { expect, test } from "vitest";
import { holm } from "./holm.js";

test("in the order they came in, never falling with p, never above 1", () => {
  expect(holm([0.04, 0.01, 0.03, 0.02]).map((p) => Number(p.toFixed(6)))).toEqual([0.06, 0.04, 0.06, 0.06]);
  expect(holm([0.6, 0.5])).toEqual([1, 1]);
  expect(holm([])).toEqual([]);
  expect(() => holm([1.2])).toThrow(RangeError);
  expect(() => holm([Number.NaN])).toThrow(RangeError);
});
