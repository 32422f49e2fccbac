import { expect, test } from "vitest";
import type { EventOf } from "../protocol/messages.js";
import { paramsText, paramsTexts, totals } from "./params-text.js";

const counted: EventOf<"counted"> = {
  type: "counted",
  seq: 1,
  request: "count",
  index: 0,
  problems: [],
  shapes: "config of tiny",
  parts: [
    { place: "shared A", formula: "r d = 2 * 8", count: 16 },
    { place: "layer 0", formula: "r d = 2 * 8", count: 16 },
    { place: "layer 1", formula: "r d = 2 * 8", count: 16 },
  ],
  changes: [{ place: "1 merge", formula: "-r d each", count: -16 }],
  head_parameters: 1234,
  total_parameters: 1234567,
};

test("equal parts share a row; the sums are those before and after the changes", () => {
  expect(paramsText({ label: "cell", method: "m", counted }, false, null)).toBe(
    [
      "cell  (m; config of tiny)",
      "  shared A                               16  r d = 2 * 8",
      "  layer 0 ... layer 1                    32  2 x (r d = 2 * 8)",
      "  trainable, without the head            48",
      "  1 merge                               -16  -r d each",
      "  after all changes of structure         32",
      "  head                                1,234",
      "  base model with its head        1,234,567",
      "",
    ].join("\n"),
  );
  expect(totals(counted)).toEqual({ start: 48, end: 32 });
});

test("a published figure is beside the number that it rounds", () => {
  const figure = { where: "Table I, X", params: "0.3M" };
  const text = (withHead: boolean, changes = counted.changes) =>
    paramsText(
      { label: "c", method: "m", counted: { ...counted, changes }, published: [{ ...figure, withHead }] },
      false,
      null,
    );
  expect(text(false)).toMatch(/after all changes of structure +32 {2}paper, Table I, X: 0\.3M$/m);
  expect(text(false)).toMatch(/trainable, without the head +48$/m);
  expect(text(false, [])).toMatch(/trainable, without the head +48 {2}paper, Table I, X: 0\.3M$/m);
  expect(text(true)).toMatch(/base model with its head +1,234,567 {2}paper, Table I, X: 0\.3M$/m);
});

test("--all keeps every layer", () => {
  expect(paramsText({ label: "cell", method: "m", counted }, true, null)).toContain("  layer 1  ");
});

test("runs with equal counts are shown once, with their number", () => {
  const cells = ["seed=1", "seed=2", "seed=3"].map((label, index) => ({
    label,
    method: "m",
    counted: { ...counted, index },
  }));
  const other = { label: "other", method: "m", counted: { ...counted, head_parameters: 7 } };
  const text = paramsTexts([cells[0], other, cells[1], cells[2]] as typeof cells, false, null);
  expect(text.match(/^\S.*$/gm)).toEqual([
    "seed=1 and 2 more with the same counts  (m; config of tiny)",
    "other  (m; config of tiny)",
  ]);
});

test("a published figure says what it counts if that differs", () => {
  const published = [{ where: "Table I, X", params: "0.3M", withHead: false, note: "at the end" }];
  expect(paramsText({ label: "c", method: "m", counted, published }, false, null)).toMatch(
    / 32 {2}paper, Table I, X: 0\.3M \(at the end\)$/m,
  );
});
