import { stripVTControlCharacters } from "node:util";
import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import type { GridCellRow } from "../../store/read.js";
import { sampleGrid, sampleRows } from "../fixtures/grid.js";
import { inkOn, viridis } from "./colour.js";
import { gridPivot } from "./table.js";
import { gridLines, gridSize, gridText } from "./text.js";

/** Every state at once. */
function mixed(row: GridCellRow): Partial<GridCellRow> {
  const states: Record<string, Partial<GridCellRow>> = {
    "0,3": { state: "running", running: 1, value: null, so_far: 0.71 },
    "2,1": { changes: JSON.stringify([1, 1]), value: 88.73 / 100 },
    "2,2": { state: "failed", value: null, error_type: "ValueError" },
    "2,3": { state: "planned", value: null },
  };
  return states[`${row.axes["method.merges"]},${row.axes["method.injections"]}`] ?? {};
}

test("plain: values, signs, legend, footnotes", () => {
  const text = gridText(sampleGrid(sampleRows({ change: mixed })), { width: null, depth: 1 });
  expect(`\n${text}\n`).toMatchInlineSnapshot(`
    "
    mrpc-grid: accuracy × 100 after the best epoch, one seed (mrpc, minilm, imlor2c)

               injections I
    merges M        0        1        2        3
           0    87.25    88.24    87.99   71.00▸
           1    88.48    88.73    88.97    89.22*
           2    87.99    88.73=       ×        ·

    from 87.25 to 89.22   * best   = coincides with another cell   ▸ running, newest score   × failed   · not trained yet

    best: 89.22 at M 1, I 3 (majority class 68.40); corrected for the choice among 9: not known (one seed and no holdout part)
    which cells differ from the best is not known: one seed
    = one training, with the same changes at the same epochs: M 2, I 1 as M 1, I 1
    × M 2, I 2: failed (ValueError), run 22000000
    "
  `);
});

test("seeds: deviation and number of seeds under the mean", () => {
  const change = (row: GridCellRow) =>
    row.seed === 19
      ? {
          state: "failed" as const,
          value: null,
          ...(row.axes["method.merges"] === 1 && { state: "finished" as const, value: 0.9 }),
        }
      : {};
  const text = gridText(sampleGrid(sampleRows({ seeds: 3, change })), { width: null, depth: 1 });
  expect(`\n${text}\n`).toMatchInlineSnapshot(`
    "
    mrpc-grid: accuracy × 100 after the best epoch, mean of up to 3 seeds (mrpc, minilm, imlor2c)

               injections I
    merges M       0        1        2        3
           0   87.38~×  88.36~×  88.11~×  88.61~×
               ±0.18/2  ±0.18/2  ±0.18/2  ±0.18/2
           1   89.07~   89.24~   89.40~   89.56*
               ±0.82/3  ±0.67/3  ±0.54/3  ±0.40/3
           2   88.11~×  88.36~×  88.86~×  88.61~×
               ±0.18/2  ±0.18/2  ±0.18/2  ±0.18/2

    from 87.38 to 89.56   * best   ~ not separable from the best   × failed   ± standard deviation / number of seeds

    best: 89.56 at M 1, I 3 (majority class 68.40); corrected for the choice among 4: 89.56 (chosen on the other seeds, one left out in turn)
    ~ 11 cells are not separable from the best: exact sign-flip test over 3 common seeds, 5 %, Holm's correction for 11; 3 pairs reach p = 0.25 at best: to tell one apart takes 9 seeds or more
    × M 0, I 0: failed, run 00200000
    × M 0, I 1: failed, run 01200000
    × M 0, I 2: failed, run 02200000
    × M 0, I 3: failed, run 03200000
    × M 2, I 0: failed, run 20200000
    and 3 more
    "
  `);
});

test("a narrow terminal: one decimal, then blocks below each other; never too wide", () => {
  const grid = sampleGrid(sampleRows({ change: mixed }));
  const full = gridSize(grid);
  for (const width of [20, 30, 40, full.columns - 1, full.columns, 200]) {
    for (const line of gridLines(grid, { width, depth: 24 })) expect(stringWidth(line)).toBeLessThanOrEqual(width);
  }
  expect(gridLines(grid, { width: full.columns, depth: 1 })).toHaveLength(full.lines);
  expect(gridLines(grid, { width: full.columns - 1, depth: 1 })[2]).toMatch(/ 87\.3 +88\.2 /);
  expect(gridLines(grid, { width: 30, depth: 1 }).filter((line) => line.includes("merges M"))).toHaveLength(2);
});

describe("colour", () => {
  const grid = sampleGrid();
  test("no scale without colour; the numbers are the same with colour", () => {
    const plain = gridText(grid, { width: null, depth: 1 });
    expect(plain).not.toContain("\u001b");
    const coloured = gridLines(grid, { width: null, depth: 24 });
    const bare = coloured.map((line) => stripVTControlCharacters(line).trimEnd());
    expect(bare).toEqual(gridLines(grid, { width: null, depth: 1 }));
  });
  test.each([
    [24, "48;2;68;1;84;38;2;255;255;255m 87.25", "1;48;2;253;231;37;38;2;0;0;0m 89.22*"],
    [8, "48;5;53;38;5;231m 87.25", "38;5;16m 89.22*"],
    [4, "44;97m 87.25", "1;43;30m 89.22*"],
  ] as const)("%i bits", (depth, low, high) => {
    const text = gridText(grid, { width: null, depth });
    expect(text).toContain(low);
    expect(text).toContain(high);
  });
  test("a low loss is light", () => {
    const text = gridText(sampleGrid(undefined, { metric: "loss" }), { width: null, depth: 24 });
    expect(text).toMatch(/253;231;37;38;2;0;0;0m +0\.8725\*/);
    expect(text).toMatch(/^0\.8922 .* 0\.8725 {3}\* best/m);
  });
  test("black or white ink has a contrast of 4.5 to 1 on every colour", () => {
    const channel = (byte: number) =>
      byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4;
    for (let part = 0; part <= 1; part += 0.01) {
      const [red, green, blue] = viridis(part);
      const light = 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
      const contrast = inkOn([red, green, blue]) === "black" ? (light + 0.05) / 0.05 : 1.05 / (light + 0.05);
      expect(contrast).toBeGreaterThan(4.5);
    }
  });
});

test("the number of footnotes is limited, however many cells fail or coincide", () => {
  const failing = sampleGrid(
    sampleRows({ change: (row) => ({ state: "failed", value: null, error_type: `E${row.position}` }) }),
  );
  const text = gridText(failing, { width: null, depth: 1 });
  expect(text.match(/^× /gm)).toHaveLength(6); // the legend's and five of twelve
  expect(text).toContain("and 7 more");
  const same = sampleGrid(sampleRows({ change: () => ({ changes: "[]", value: 0.5 }) }));
  expect(gridText(same, { width: null, depth: 1 })).toContain(
    "= one training, with the same changes at the same epochs: M 0, I 1; M 0, I 2; M 0, I 3 and 8 more as M 0, I 0",
  );
});

test("cells that should coincide but have other scores are listed apart", () => {
  const rows = sampleRows({ change: () => ({ changes: "[]" }) }).slice(0, 2);
  expect(gridText(sampleGrid(rows), { width: null, depth: 1 })).toMatch(
    /^= the same changes .*, but other scores: .*: M 0, I 1 as M 0, I 0$/m,
  );
});

test("a grid without comparison has no legend and no second empty line; without a score nothing is times 100", () => {
  const same = sampleGrid(sampleRows({ change: (row) => ({ value: 0.5, changes: JSON.stringify(row.position) }) }));
  expect(gridText(same, { width: null, depth: 1 })).toMatch(/[^\n]\n\nall 12 scores are equal/);
  const none = sampleGrid(sampleRows({ change: () => ({ state: "planned", value: null, score_name: null }) }));
  expect(gridText(none, { width: null, depth: 1 })).toMatch(/^mrpc-grid: score after the best epoch/);
});

test.each([20, 40, 80, 120])("nothing is wider than %i columns, a long name included", (width) => {
  const name = "a-name-".repeat(30);
  const grid = { ...sampleGrid(sampleRows({ seeds: 3, change: mixed })), experiment: { id: 1, name } };
  const lines = gridText(grid, { width, depth: 1 }).split("\n");
  const tooLong = lines.filter((line) => stringWidth(line) > width && line.trim().includes(" "));
  expect(tooLong).toEqual([]);
  expect(lines[0]).toMatch(/^a-name-/);
});

test("a stopped cell has its newest score, with the sign of a score that is not final", () => {
  const stopped = (row: GridCellRow) =>
    row.position === 0 ? { state: "stopped" as const, value: null, so_far: 0.71 } : {};
  const text = gridText(sampleGrid(sampleRows({ change: stopped })), { width: null, depth: 1 });
  expect(text).toMatch(/^ +0 +71\.00■ /m);
  expect(text).toContain("■ stopped: newest score, the same command finishes it");
  expect(text).toContain("from 87.99 to 89.22"); // the scale is of final scores
});

test("scores that differ are not called equal where one cell alone has all seeds, or those that have them are equal", () => {
  const complete = (...runs: string[]) =>
    sampleGrid(
      sampleRows({
        seeds: 2,
        change: ({ run, seed }) => (seed === 17 || runs.some((one) => run.startsWith(one)) ? {} : { value: null }),
      }),
    );
  const last = (grid: ReturnType<typeof sampleGrid>) => gridText(grid, { width: null, depth: 1 });
  expect(last(complete("13"))).toContain("no best yet: it is among cells with 2 seeds, M 1, I 3; only it has so many");
  expect(last(complete("01", "21"))).toContain("2 seeds, M 0, I 1 and M 2, I 1; their scores are equal");
  expect(last(complete("13"))).not.toContain("scores are equal");
});

describe("other maps than scores", () => {
  const grid = sampleGrid(sampleRows({ seeds: 2, change: (row) => (row.position === 0 ? { value: null } : {}) }));
  const shown = (show: "params" | "spread" | "n") => gridText(grid, { width: null, depth: 1, show });
  test("parameters: few are light, the signs are those of the scores", () => {
    expect(shown("params")).toMatch(
      /^mrpc-grid: parameters that are trained at the end, without the head, mean of 2 seeds/,
    );
    expect(shown("params")).toMatch(/^ +1 +33,792~ +34,560~ +35,328~ +36,096\*$/m);
    expect(shown("params")).toContain(
      "from 39,168 to 30,720: most to fewest parameters   * best score   ~ score not separable from the best",
    );
    expect(shown("params")).not.toContain("± standard deviation");
    expect(gridText(grid, { width: null, depth: 24, show: "params" })).toMatch(/253;231;37;38;2;0;0;0m +30,720/);
  });
  test("spread and number of seeds", () => {
    expect(shown("spread")).toMatch(/^ +1 +0\.18~ +0\.18~ +0\.18~ +0\.18\*$/m);
    const uneven = sampleGrid(
      sampleRows({ seeds: 2, change: ({ position }) => (position === 0 ? { value: 0.8 } : {}) }),
    );
    expect(gridText(uneven, { width: null, depth: 1, show: "spread" })).toContain(": widest to narrowest spread");
    expect(shown("n")).toContain("from 1 to 2: fewest to most runs");
    expect(shown("n")).toMatch(/^ +0 +1~ +2~ +2~ +2~$/m);
  });
  test("the table for people has them too", () => {
    const { rows, strong } = gridPivot(grid, "params");
    expect([rows[1]?.at(-1), strong]).toEqual(["36,096", [[1, 4]]]);
  });
});
