/** Two values whose texts look alike have two columns, with two texts that a user can type. */
import { stripVTControlCharacters } from "node:util";
import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { CONTROLS, HOSTILE } from "../../fixtures/hostile.js";
import { sampleGrid, sampleRows } from "../fixtures/grid.js";
import { filterCells } from "./axes.js";
import { type AxisValue, meaning, typedTexts, valueTexts } from "./axis-values.js";
import { buildGrid } from "./grid.js";
import { gridSvg } from "./svg.js";
import { gridText } from "./text.js";

const ALIKE: AxisValue[] = [4e-4, 4.001e-4, "4.00e-4", 1, "1", null, "null", "", "a b", "a\n b", "\u001b[2J"];

describe("values that print alike", () => {
  test("are shown as different texts, each without a control character", () => {
    const texts = [...valueTexts(ALIKE).values()];
    expect(texts).toEqual([
      ...["0.0004", "0.0004001", '"4.00e-4"', "1", '"1"', "null", '"null"', '""', '"a b"', '"a\\n b"', "\\u001b[2J"],
    ]);
    expect(new Set(texts).size).toBe(ALIKE.length);
    expect([...valueTexts([4e-4, 1e-4]).values()]).toEqual(["4.00e-4", "1.00e-4"]);
  });
  test("are typed as different texts, and each text selects its own value", () => {
    const typed = typedTexts(ALIKE);
    for (const value of ALIKE) expect(meaning(typed.get(value) ?? "?", ALIKE)).toEqual(new Set([value]));
    expect(meaning("4e-4", ALIKE)).toEqual(new Set([4e-4]));
    expect(meaning("2", ALIKE)).toEqual(new Set());
  });
});

/** One row of columns with these values. */
function gridOf(values: readonly AxisValue[]) {
  const [first] = sampleRows();
  if (!first) throw new Error("no rows");
  const rows = values.map((value, i) => ({
    ...first,
    run: String(i).padStart(16, "0"),
    value: 0.5 + i / 100,
    changes: JSON.stringify(i),
    axes: { "method.merges": 0, "train.learning_rate": value },
  }));
  return { rows, grid: sampleGrid(rows, { rows: "method.merges", cols: "train.learning_rate" }) };
}

test("each have a column in the data, in the terminal and in the picture", () => {
  const { rows, grid } = gridOf(ALIKE);
  expect(grid.cells.map(({ of, mean }) => [of, mean])).toEqual(ALIKE.map((_, i) => [1, 0.5 + i / 100]));
  const text = gridText(grid, { width: null, depth: 1 });
  for (const [i, name] of grid.cols.texts.entries()) {
    expect(text).toContain(name);
    expect(text).toContain(`${50 + i}.00`);
  }
  const { document } = parseHTML(gridSvg(grid));
  const cells = [...document.querySelectorAll('[aria-label="cell"] rect')].slice(0, ALIKE.length);
  expect(new Set(cells.map((cell) => cell.getAttribute("x"))).size).toBe(ALIKE.length);
  const texts = new Set([...document.querySelectorAll("text")].map((element) => element.textContent));
  for (const name of grid.cols.texts) expect(texts).toContain(name);
  for (const [i, name] of [...typedTexts(ALIKE).values()].entries()) {
    expect(filterCells(rows, [`learning_rate=${name}`])).toEqual([rows[i]]);
  }
});

test("a best cell, a coincidence and a failure name their own cell", () => {
  const { rows } = gridOf([4e-4, 4.001e-4]);
  const failed = rows.map((row, i) => (i === 0 ? row : { ...row, state: "failed" as const, value: null }));
  const options = { rows: "method.merges", cols: "train.learning_rate" };
  expect(gridText(sampleGrid(failed, options), { width: null, depth: 1 })).toContain("learning_rate 0.0004001: failed");
});

test("two axes whose keys end alike are shown with their keys", () => {
  const rows = sampleRows().map((row) => {
    return { ...row, axes: { "a.rank": row.axes["method.merges"] ?? 0, "b.rank": row.axes["method.injections"] ?? 0 } };
  });
  const grid = sampleGrid(rows, { rows: "a.rank", cols: "b.rank" });
  expect([grid.rows.name, grid.cols.name]).toEqual(["a.rank", "b.rank"]);
});

test("no control character of the data reaches the terminal or the picture", () => {
  const hostile = `${HOSTILE}\n`;
  const rows = sampleRows({
    change: (row) => ({
      ...{ model: hostile, task: hostile, method: hostile, label: hostile, score_name: `accuracy${hostile}` },
      ...(row.position === 3 && { state: "failed" as const, value: null, error_type: hostile }),
    }),
  });
  const grid = sampleGrid(rows, { where: [hostile] });
  const named = {
    ...grid,
    experiment: { id: 1, name: hostile },
    beside: [{ label: hostile, n: 0, of: 1, mean: null, deviation: null, state: "lost", runs: ["f"] }],
  };
  const text = gridText(named, { width: 80, depth: 24 });
  for (const shown of [stripVTControlCharacters(text), gridSvg(named)]) {
    expect(shown).not.toMatch(CONTROLS);
  }
  expect(text).not.toContain("\u001b[2J");
});

test("a combination without the axis is not the one with NULL", () => {
  const { rows } = gridOf([null, 1]);
  const [one] = rows.slice(1);
  if (!one) throw new Error("no row");
  const other = { ...one, run: "f".repeat(16), axes: { ...one.axes, "method.merges": 1 } };
  const leftOut = [{ axes: { "method.merges": 1 }, reason: "another one" }];
  const options = { rows: "method.merges", cols: "train.learning_rate", metric: null, which: "best" } as const;
  const grid = buildGrid({ experiment: { id: 1, name: "x" }, cells: [...rows, other], leftOut }, options);
  expect(grid.cells.find(({ row, col }) => row === 1 && col === null)).toMatchObject({
    state: "left_out",
    reason: null,
  });
});

test("long texts of an axis make its cells wider, and never overlap", () => {
  const { grid } = gridOf(["a method with a rather long name", "b"]);
  const { document } = parseHTML(gridSvg(grid));
  const [first] = document.querySelectorAll('[aria-label="cell"] rect');
  expect(Number(first?.getAttribute("width"))).toBeGreaterThan(6 * 32);
});
