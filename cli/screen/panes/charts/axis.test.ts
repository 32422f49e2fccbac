import { expect, test } from "vitest";
import { epochAxis, valueAxis } from "./axis.js";

const texts = (low: number, high: number, rows: number, log = false) =>
  valueAxis(low, high, rows, log).ticks.map(({ text }) => text);

test("numbers of an axis are round and have the same decimals; the axis is not much longer than its values", () => {
  expect(texts(0.684, 0.75, 3)).toEqual(["0.65", "0.70", "0.75"]);
  expect(texts(0.684, 0.9, 6)).toEqual(["0.65", "0.70", "0.75", "0.80", "0.85", "0.90"]);
  expect(texts(0, 9.5, 20)).toEqual(["0", "2", "4", "6", "8", "10"]);
  expect(texts(0.08, 9.5, 4, true)).toEqual(["0.01", "0.10", "1.00", "10.00"]);
});

test("where round ends would take too many rows the ends are the values'", () => {
  expect(texts(0.7001, 0.75, 2)).toEqual(["0.70", "0.75"]);
  expect(texts(0.0954, 9.5, 3, true)).toEqual(["0.0954", "9.5000"]);
  expect(texts(0.5, 0.5, 8)).toEqual(["0.5"]);
});

test("places are from 0 at the low end to 1, evenly in powers of ten on a logarithmic axis", () => {
  const { place } = valueAxis(1, 100, 9, true);
  expect([place(1), place(10), place(100)]).toEqual([0, 0.5, 1]);
});

test("epochs are whole where there are two or more, and never touch", () => {
  const epochs = (low: number, high: number, columns: number) =>
    epochAxis(low, high, columns).ticks.map((tick) => tick.text);
  expect(epochs(0.3, 4, 50)).toEqual(["1", "2", "3", "4"]);
  expect(epochs(1, 300, 40)).toEqual(["50", "100", "150", "200", "250", "300"]);
  expect(epochs(0.1, 0.9, 30)).toEqual(["0.2", "0.4", "0.6", "0.8"]);
  expect(epochs(3, 3, 60)).toEqual(["3"]);
});
