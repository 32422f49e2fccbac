import { describe, expect, test } from "vitest";
import type { ScreenData } from "../../data.js";
import { noSource, screenData } from "../../fixtures/data.js";
import { liveGrid } from "../../fixtures/live-grid.js";
import { lineWidth, textOf } from "../../line.js";
import type { PaneContext, Size } from "../../pane.js";
import type { GridPaneState } from "./cursor.js";
import { gridPane } from "./index.js";

type Context = PaneContext<GridPaneState>;
const contextOf = (data: ScreenData, facts: Partial<Context> = {}): Context => ({
  ...{ data, source: noSource, shared: { selected: null, marked: [], pinned: [] }, state: gridPane.initial, now: 0 },
  look: { depth: 1, dark: true, ascii: false },
  ...facts,
});
const linesOf = (context: Context, columns: number, rows: number) =>
  gridPane.lines(context, { columns, rows }).map((line) => textOf(line).trimEnd());
const picture = (context: Context, columns: number, rows: number) =>
  `\n${linesOf(context, columns, rows).join("\n")}\n`;

function pressed(start: Context, keys: readonly string[], size: Size = { columns: 78, rows: 20 }): Context {
  let context = start;
  for (const key of keys) {
    const found = gridPane.keys.find((one) => one.keys.includes(key));
    if (!found) throw new Error(`no key ${key}`);
    const { state = context.state, shared } = found.press(context, key, size);
    context = { ...context, state, shared: { ...context.shared, ...shared } };
  }
  return context;
}

const SEEDS = liveGrid({ rows: 7, cols: 7, seeds: 3, finished: 16, running: 2, beside: 5 });
const ONE_SEED = liveGrid({ rows: 7, cols: 7, finished: 16 });
const LARGE = liveGrid({ rows: 13, cols: 13, seeds: 2, finished: 40 });

describe("a live grid of 7 x 7 x 3", () => {
  test("is fully visible in 78 x 20, with what explains it", () => {
    expect(picture(contextOf(SEEDS), 78, 20)).toMatchInlineSnapshot(`
      "
                  injections I →
      merges M ↓       0        1        2        3        4        5        6
               0   86.25≈   87.25≈   88.25≈   89.25≈   86.58≈   87.58≈   88.58≈
                  ±0.25/3  ±0.25/3  ±0.25/3  ±0.25/3  ±0.25/3  ±0.25/3  ±0.25/3
               1   87.92≈   88.92≈   86.25≈   87.25≈   88.25≈   89.25≈   86.58≈
                  ±0.25/3  ±0.25/3  ±0.25/3  ±0.25/3  ±0.25/3  ±0.25/3  ±0.25/3
               2   89.58★   86.92≈ [ 87.10▸]  87.10▸       ·        ·        ·
                  ±0.25/3  ±0.25/3  0/3 e14  0/3 e14
               3       ·        ·        ·        ·        ·        ·        ·
               4       ·        ·        ·        ·        ·        ·        ·
               5       ·        ·        ·        ·        ·        ·        ·
               6       ·        ·        ·        ·        ·        ·        ·
      M 2, I 2: 87.10, not final, 0 of 3 seeds, 36,864 parameters, running; seed 17
        (1 of 3): epoch 14 of 30, accuracy 0.8710, about 4m left
      from 86.25 to 89.58   ★ best   ≈ not separable from the best
      ▸ running, newest score   · not trained yet
      ± standard deviation / number of seeds
      beside the grid: LoRA 86.50 ±0.40 (5 seeds)   majority class 68.40
      "
    `);
  });
  test("with all cells finished, deviations are kept in 78 x 20", () => {
    const done = liveGrid({ rows: 7, cols: 7, seeds: 3, finished: 49, beside: 5 });
    const lines = linesOf(contextOf(done), 78, 20);
    expect(lines.filter((line) => line.includes("±0.25/3"))).toHaveLength(7);
    expect(lines.join("\n")).toContain("beside the grid: LoRA 86.50 ±0.40 (5 seeds)   majority class 68.40");
  });
  test("rows that wait are one line where rows are short", () => {
    expect(picture(contextOf(SEEDS), 78, 12)).toMatchInlineSnapshot(`
      "
                  injections I →
      merges M ↓       0        1        2        3        4        5        6
               0   86.25≈   87.25≈   88.25≈   89.25≈   86.58≈   87.58≈   88.58≈
                  ±0.25/3  ±0.25/3  ±0.25/3  ±0.25/3  ±0.25/3  ±0.25/3  ±0.25/3
               1   87.92≈   88.92≈   86.25≈   87.25≈   88.25≈   89.25≈   86.58≈
                  ±0.25/3  ±0.25/3  ±0.25/3  ±0.25/3  ±0.25/3  ±0.25/3  ±0.25/3
               2   89.58★   86.92≈ [ 87.10▸]  87.10▸       ·        ·        ·
                  ±0.25/3  ±0.25/3  0/3 e14  0/3 e14
             3-6  waiting (28 cells)
      M 2, I 2: 87.10, not final, 0 of 3 seeds, 36,864 parameters, running; seed 17…
      from 86.25 to 89.58   ★ best   ≈ not separable from the best …
      beside the grid: LoRA 86.50 ±0.40 (5 seeds)   majority class 68.40
      "
    `);
  });
  test("the cursor opens them", () => {
    const lines = linesOf(pressed(contextOf(SEEDS), ["down", "down"]), 78, 13);
    expect(lines.filter((line) => /^ +(3|4|5-6) /.test(line)).map((line) => line.trim())).toMatchInlineSnapshot(`
      [
        "3       ·        ·        ·        ·        ·        ·        ·",
        "4       ·        ·  [     · ]      ·        ·        ·        ·",
        "5-6  waiting (14 cells)",
      ]
    `);
  });
});

test("7 x 7 with one seed has room in 78 x 10", () => {
  expect(picture(contextOf(ONE_SEED), 78, 10)).toMatchInlineSnapshot(`
    "
    M↓ I→     0         1         2         3         4         5         6
        0  86.0      87.0      88.0      89.0      86.3      87.3      88.3
        1  87.7      88.7      86.0      87.0      88.0      89.0      86.3
        2  89.3★     86.7     [87.1▸e14]    ·         ·         ·         ·
        3     ·         ·         ·         ·         ·         ·         ·
        4     ·         ·         ·         ·         ·         ·         ·
        5     ·         ·         ·         ·         ·         ·         ·
        6     ·         ·         ·         ·         ·         ·         ·
    M 2, I 2: 87.10, not final, 0 of 1 seed, 36,864 parameters, running; epoch 14…
    from 86.00 to 89.33   ★ best   ▸ running, newest score   · not trained yet
    "
  `);
});

describe("13 columns in 58", () => {
  test("some are left out, with their number; the cursor brings them", () => {
    expect(picture(contextOf(LARGE), 58, 12)).toMatchInlineSnapshot(`
      "
             merges M ↓   injections I →
      M↓        0     1     2     3     4     5     6     7  5›
          0  86.1≈ 87.1≈ 88.1≈ 89.1≈ 86.5≈ 87.5≈ 88.5≈ 89.5★
          1  87.8≈ 88.8≈ 86.1≈ 87.1≈ 88.1≈ 89.1≈ 86.5≈ 87.5≈
          2  89.5★ 86.8≈ 87.8≈ 88.8≈ 86.1≈ 87.1≈ 88.1≈ 89.1≈
          3  87.5≈[87.1▸]   ·     ·     ·     ·     ·     ·
       4-12  waiting (117 cells)
      M 3, I 1: 87.10, not final, 0 of 2 seeds, 36,864
        parameters, running; seed 17 (1 of 2): epoch 14 of 30,
        accuracy 0.8710, about 4m left
      from 86.13 to 89.46   ★ best …
      majority class 68.40   p: parameters
      "
    `);
    expect(picture(pressed(contextOf(LARGE), ["end", "down", "down"]), 58, 8)).toMatchInlineSnapshot(`
      "
      M↓ I→  ‹6     6     7     8     9    10    11    12
      ↑1      1  86.5≈ 87.5≈ 88.5≈ 89.5★ 86.8≈ 87.8≈ 88.8≈
              2  88.1≈ 89.1≈ 86.5≈ 87.5≈ 88.5≈ 89.5★ 86.8≈
              3     ·     ·     ·     ·     ·     ·     ·
              4     ·     ·     ·     ·     ·     ·     ·
              5     ·     ·     ·     ·     ·     · [   · ]
           6-12  waiting (91 cells)
      M 5, I 12: 0 of 2 seeds, 36,864 parameters, planned; seed…
      "
    `);
  });
});

test("every state of a cell, with words for the signs that occur", () => {
  const states = [
    { state: "failed" as const, value: null, error_type: "ValueError", message: "no such file" },
    { state: "failed" as const, value: null, error_type: "Diverged", message: "not finite from step 7 on" },
    { state: "stopped" as const, value: null, so_far: 0.71 },
    { value: 0.6 },
    { changes: JSON.stringify([0, 0]), value: 0.86 },
  ];
  const data = liveGrid({ rows: 2, cols: 4, finished: 6, change: (_, cell) => states[cell - 1] ?? {} });
  expect(picture(contextOf(data), 90, 14)).toMatchInlineSnapshot(`
    "
                injections I →
    merges M ↓      0          1          2          3
             0  86.00★         ×          !      71.00■
             1  60.00↓     86.00★=   [87.10▸e14]     ·
    M 1, I 2: 87.10, not final, 0 of 1 seed, 36,864 parameters, running; epoch 14 of 30,
      accuracy 0.8710, about 4m left
    from 60.00 to 86.00   ★ best   = coincides with another cell   ▸ running, newest score
    × failed   ■ stopped: newest score, the same command finishes it   · not trained yet
    ! diverged   ↓ not above the majority class
    majority class 68.40   p: parameters

    best: 86.00 at M 0, I 0 and M 1, I 1 (majority class 68.40)
    = one training, with the same changes at the same epochs: M 1, I 1 as M 0, I 0
    × M 0, I 1: failed (ValueError), run 0-1-0000 …
    "
  `);
  const said = [1, 2].map((right) =>
    linesOf(pressed(contextOf(data), ["up", "home", ...Array(right).fill("right")]), 100, 5),
  );
  expect(said.map((lines) => lines.find((line) => line.startsWith("M ")))).toMatchInlineSnapshot(`
    [
      "M 0, I 1: 0 of 1 seed, 36,864 parameters, failed (ValueError), run 0-1-0000",
      "M 0, I 2: 0 of 1 seed, 36,864 parameters, diverged at step 7, run 0-2-0000",
    ]
  `);
});

describe("the cursor", () => {
  const inCell = (context: Context) => linesOf(context, 200, 30).find((line) => line.startsWith("M "));
  test("selects a run of the cell; ] its next seed, [ the one before", () => {
    const moved = pressed(contextOf(SEEDS), ["left"]);
    expect(moved.shared.selected).toBe("2-1-0".padEnd(16, "0"));
    const next = pressed(moved, ["]"]);
    expect(next.shared.selected).toBe("2-1-1".padEnd(16, "0"));
    expect(pressed(next, ["["]).shared.selected).toBe(moved.shared.selected);
    expect(pressed(next, ["]", "]"]).shared.selected).toBe(moved.shared.selected);
    expect(inCell(next)).toMatchInlineSnapshot(
      `"M 2, I 1: 86.92 ± 0.25, 3 seeds, not separable from the best (p 1), 36,864 parameters; seed 18 (2 of 3): accuracy 0.8692"`,
    );
  });
  test("goes to the cell of the run that another pane selects, and has none if it is on no axis", () => {
    const moved = pressed(contextOf(SEEDS), ["left"]);
    const elsewhere = { ...moved, shared: { ...moved.shared, selected: "0-3-1".padEnd(16, "0") } };
    expect(inCell(elsewhere)).toMatch(/^M 0, I 3: 89.25 ± 0.25, 3 seeds, .*; seed 18 \(2 of 3\): accuracy 0.8925/);
    const beside = { ...moved, shared: { ...moved.shared, selected: "lora1" } };
    expect(inCell(beside)).toBeUndefined();
    expect(linesOf(beside, 78, 20).join("\n")).toContain("beside the grid: [LoRA 86.50 ±0.40 (5 seeds)]");
    expect(inCell(pressed(beside, ["right"]))).toMatch(/^M 2, I 2: /);
  });
  test("stays at the edges, and in a cell without a run leaves the selection", () => {
    const corner = pressed(contextOf(ONE_SEED), ["home", ...Array(9).fill("up")]);
    expect(inCell(corner)).toMatch(/^M 0, I 0: /);
  });
});

test("p: parameters of the cells, and back", () => {
  const shown = pressed(contextOf(SEEDS), ["p"]);
  expect(gridPane.title(shown)).toBe("Grid: parameters that are trained at the end, without the head, mean of 3 seeds");
  expect(linesOf(shown, 78, 12)[2]).toMatch(/ 0 +36,864≈ +36,864≈/);
  expect(gridPane.title(pressed(shown, ["p"]))).toBe("Grid: accuracy × 100 after the best epoch, mean of 3 seeds");
});

describe("sizes", () => {
  const sizes = [
    [24, 4],
    [58, 4],
    [58, 18],
    [78, 12],
    [78, 20],
    [118, 30],
    [298, 90],
  ] as const;
  test.each(sizes)("nothing is larger than %i x %i, and the cursor is always there", (columns, rows) => {
    for (const data of [SEEDS, ONE_SEED, LARGE]) {
      let context = contextOf(data);
      for (const key of ["end", "down", "p", "left"]) {
        context = pressed(context, [key], { columns, rows });
        const lines = gridPane.lines(context, { columns, rows });
        expect(lines.length).toBeLessThanOrEqual(rows);
        for (const line of lines) expect(lineWidth(line)).toBeLessThanOrEqual(columns);
        expect(lines.map(textOf).join("\n")).toMatch(/\[[^\]\n]+\]/);
      }
    }
  });
  test("it asks for as many rows as it fills", () => {
    for (const data of [SEEDS, ONE_SEED, LARGE]) {
      const context = contextOf(data);
      const wanted = gridPane.wanted(context, 118);
      expect(linesOf(context, 118, wanted)).toHaveLength(wanted);
    }
  });
});

test("score as colour and number; without a grid nothing is shown", () => {
  const lines = gridPane.lines(contextOf(ONE_SEED), { columns: 78, rows: 12 });
  const best = lines.flat().find(({ text }) => text.includes("★") && /\d/.test(text));
  expect(best).toMatchObject({ scale: 1, bold: true });
  expect(gridPane.shows(screenData())).toBe(false);
  expect(gridPane.lines(contextOf(screenData()), { columns: 78, rows: 12 })).toEqual([]);
});
