import { expect, test } from "vitest";
import { problems } from "./fixtures/specs.js";
import { listedNumbers, numberHint } from "./number-hint.js";

test.each([
  ["0,0004", "write 0.0004"],
  ["4e-4,5", undefined],
  ["2,5e-4", "write 2.5e-4"],
  ["-0,5", "write -0.5"],
  ["1,234", "write 1234, or 1.234 if the comma is a decimal sign"],
  ["1,234,567", "write 1234567"],
  ["1 000", "write 1000"],
  ["1\u202f000", "write 1000"],
  ["-1'000", "write -1000"],
  ["1_0", undefined],
  ["1_000", "write 1000"],
  ["10_00", undefined],
  ["1.000.000", "write 1000000"],
  ["1.000,5", "write 1000.5"],
  ["1,234.5", "write 1234.5"],
  ["1\u2007000", "write 1000"],
  ["1,5e-2", "write 1.5e-2"],
  ["4e\u22124", "write 4e-4, with the plain minus sign"],
  ["3;", "write 3"],
  ["3#x", "a comment begins with a space: write 3 #x"],
  ["4 5", undefined],
  ["0,000", "write 0.000"],
  ["8", "the quotes make it text: write 8"],
  ["2e-4", "the quotes make it text: write 2e-4"],
  ["", undefined],
  ["abc", undefined],
])("a number written as %j: %s", (text, hint) => {
  expect(numberHint(text, { whole: false })).toBe(hint);
});

test("a key of whole numbers gets no hint with a fraction", () => {
  expect(numberHint("4,5", { whole: true })).toBeUndefined();
  expect(numberHint("1,234", { whole: true })).toBe("write 1234");
});

test.each(["1.000", "2.5", "1,2", "1_0", "0,0004"])("whole numbers get no dangerous hint for %j", (text) => {
  expect(numberHint(text, { whole: true })).toBeUndefined();
});

test("several numbers are told from one with groups", () => {
  expect(listedNumbers("1,2, 3")).toEqual(["1", "2", "3"]);
  expect(listedNumbers("1,000")).toBeUndefined();
  expect(listedNumbers("1,2.5")).toBeUndefined();
});

test("a comma in a number between braces", () => {
  expect(problems("model: tiny\ntask: toy\nmethod: plain\ntrain: {weight_decay: 0,0004, batch_size: 4}")).toEqual([
    "4:23 train: the comma of 0,0004 ends the value | write 0.0004",
  ]);
  expect(problems("model: tiny\ntask: toy\nmethod: plain\ntrain: {weight_decay: 1.000,5}")).toEqual([
    "4:23 train: the comma of 1.000,5 ends the value | write 1000.5",
  ]);
  expect(problems("model: tiny\ntask: toy\nmethod: plain\ntrain: {warmup_ratio: 0,06, learning_rate: 1,5e-2}")).toEqual(
    [
      "4:23 train: the comma of 0,06 ends the value | write 0.06",
      "4:44 train: the comma of 1,5e-2 ends the value | write 1.5e-2",
    ],
  );
});
