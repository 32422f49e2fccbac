import { expect, test } from "vitest";
import { chart } from "./chart.js";
import { epochAxis, valueAxis } from "./plot-axes.js";

test("epochs that were measured at their ends have whole ticks, not too many; one epoch has one", () => {
  expect(epochAxis([1, 2]).ticks).toEqual([1, 2]);
  expect(epochAxis([0.5, 1.25, 3.5]).ticks).toEqual([1, 2, 3]);
  expect(epochAxis([2]).ticks).toEqual([2]);
  expect(epochAxis([2]).tickFormat(2)).toBe("2");
  expect(epochAxis([0.1, 0.6])).not.toHaveProperty("ticks");
  expect(epochAxis(Array.from({ length: 100 }, (_, i) => i + 1)).ticks).toHaveLength(12);
});

test("the chart chooses the decimals of several values; a single or a large one has few digits", () => {
  expect(valueAxis([0.67, 0.68, null])).not.toHaveProperty("tickFormat");
  expect(valueAxis([0.625]).tickFormat?.(0.625)).toBe("0.625");
  expect(valueAxis([1, 2e7]).tickFormat?.(2e7)).toBe("20000000");
});

test("a chart of text names its x axis between the numbers", () => {
  const points = [
    { x: 1, y: 1 },
    { x: 2, y: 2 },
  ];
  const axis = (width: number) =>
    chart([{ points, index: 0, mark: "" }], { width, height: 2, xName: "epoch" }).at(-1) ?? "";
  expect(axis(40)).toMatch(/^ {10}1 +epoch +2$/);
  expect(axis(16)).toMatch(/^ {10}1 +2$/);
});
