import { expect, test, vi } from "vitest";
import { inkLines } from "./ink-frames.js";
import type { Line } from "./line.js";
import { Painter } from "./painter.js";
import type { Look } from "./pane.js";

const look: Look = { depth: 8, dark: true, ascii: false };
const size = { columns: 20, rows: 3 };
const head: Line = [{ text: "grid" }];
const scores = (first: string, second: string): Line => [
  { text: "a " },
  { text: first, role: "good" },
  { text: " b " },
  { text: second, scale: 0.5 },
];

/** Places and texts of the patches, after Ink was loaded. */
async function patches(...frames: [lines: Line[], look: Look][]) {
  const painter = new Painter();
  painter.patches([], size, look);
  await vi.dynamicImportSettled();
  painter.forget();
  return frames.map(([lines, seen]) =>
    painter
      .patches(lines, size, seen)
      .map(({ row, column, width, text }) => `${row},${column}+${width} ${text.replaceAll("\u001b", "E")}`),
  );
}

test("the first frame is patched whole, and then only pieces that changed", async () => {
  const [first, second, third] = await patches(
    [[head, scores("0.71", "0.80")], look],
    [[head, scores("0.72", "0.80")], look],
    [[head, scores("0.72", "0.80")], look],
  );
  expect(first?.map((patch) => patch.split(" ")[0])).toEqual(["0,0+20", "1,0+20", "2,0+20"]);
  expect(second).toEqual(["1,2+4 E[38;5;78m0.72E[39m"]);
  expect(third).toEqual([]);
});

test("a piece that moved, or has another style, is patched; another look patches all", async () => {
  const [, moved, styled, other] = await patches(
    [[head, scores("0.71", "0.80")], look],
    [[head, scores("0.710", "0.80")], look],
    [[[{ text: "grid", bold: true }], scores("0.710", "0.80")], look],
    [[[{ text: "grid", bold: true }], scores("0.710", "0.80")], { ...look, dark: false }],
  );
  expect(moved?.map((patch) => patch.split(" ")[0])).toEqual(["1,2+18"]);
  expect(styled).toEqual(["0,0+4 E[1mgridE[22m"]);
  expect(other).toHaveLength(3);
});

test("a longer line is cut, and lines that do not fit are left out", async () => {
  const [frame] = await patches([[[{ text: "x".repeat(30) }], head, head, head], look]);
  expect(frame).toHaveLength(3);
  expect(frame?.[0]).toBe(`0,0+20 ${"x".repeat(19)}…`);
});

test("Ink keeps empty lines and colours", () => {
  const lines = ["\u001b[1;38;5;78mab\u001b[0m", "", "\u001b[48;2;1;2;3m  \u001b[0m", "汉"];
  expect(inkLines(lines, 10).map((line) => line.replaceAll("\u001b", "E"))).toEqual([
    "E[1mE[38;5;78mabE[39mE[22m",
    "",
    "E[48;2;1;2;3m  E[49m",
    "汉",
  ]);
  expect(inkLines([], 10)).toEqual([]);
});
