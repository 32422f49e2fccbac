import { expect, test } from "vitest";
import { deviation, mean } from "./mean.js";

test.each([
  [[], Number.NaN, null],
  [[3], 3, null],
  [[1, 2, 3, 4], 2.5, 1.2909944487358056],
  [[0.5, 0.5, 0.5], 0.5, 0],
])("of %j: mean %d, deviation of the sample %d", (values, middle, spread) => {
  expect(mean(values)).toBe(middle);
  expect(deviation(values)).toBe(spread);
});
