import { expect, test } from "vitest";
import { layout, type Place, type Wish } from "./layout.js";
import type { PaneName } from "./pane.js";

const wish = (name: PaneName, rows: number, wanted: number, columns = 24): Wish => ({
  name,
  least: { columns, rows },
  wanted: () => wanted,
});

/** A grid of 7 x 7 with seeds, 147 runs, and everything else. */
const GRID = [
  wish("grid", 9, 20),
  wish("structure", 6, 16),
  wish("runs", 2, 149),
  wish("charts", 6, 12, 40),
  wish("log", 2, 200),
  wish("alerts", 1, 1),
  wish("devices", 1, 1),
];

/** How many cells of the screen are covered. Throws if two places overlap or one leaves the screen. */
function covered(places: readonly Place[], columns: number, rows: number, top: number): number {
  const cells = new Set<number>();
  for (const place of places) {
    const inside = place.row >= top && place.row + place.rows <= rows && place.column + place.columns <= columns;
    if (!inside) throw new Error(`${place.name} leaves the screen: ${JSON.stringify(place)}`);
    for (let y = place.row; y < place.row + place.rows; y++) {
      for (let x = place.column; x < place.column + place.columns; x++) {
        if (cells.has(y * columns + x)) throw new Error(`${place.name} overlaps another at ${x}, ${y}`);
        cells.add(y * columns + x);
      }
    }
  }
  return cells.size;
}

test("on any size the panes fill the screen without overlapping", () => {
  for (const [columns, rows] of [
    [60, 20],
    [80, 24],
    [109, 30],
    [110, 30],
    [120, 40],
    [200, 60],
    [300, 100],
  ] as const) {
    for (const { name } of GRID) {
      const places = layout({ columns, rows }, 1, GRID, name, false);
      const bars = columns >= 110 ? rows : 0;
      expect(covered(places, columns, rows, 1)).toBeGreaterThanOrEqual((rows - 1) * columns - 2 * bars);
      expect(places.map((place) => place.name)).toContain(name);
    }
  }
});

test("80 x 24 shows the whole grid and some runs", () => {
  const places = layout({ columns: 80, rows: 23 }, 1, GRID, "grid", false);
  const rows = Object.fromEntries(places.map((place) => [place.name, place.rows]));
  expect(rows.grid).toBeGreaterThanOrEqual(13);
  expect(rows.runs).toBeGreaterThanOrEqual(3);
});

test("120 columns have grid and runs on the left, structure and charts on the right, the log below", () => {
  const places = layout({ columns: 120, rows: 39 }, 1, GRID, "runs", false);
  const at = (name: PaneName) => places.find((place) => place.name === name);
  expect(at("grid")).toMatchObject({ column: 0, row: 1, columns: 59 });
  expect(at("structure")).toMatchObject({ column: 60, row: 1, columns: 60 });
  expect(at("charts")?.column).toBe(60);
  expect(at("log")?.row).toBeGreaterThan(at("runs")?.row ?? 99);
});

test("without a grid the structure stands under the runs, and charts have the other half", () => {
  const places = layout(
    { columns: 120, rows: 39 },
    1,
    [...GRID.slice(1, 2), wish("runs", 2, 2), ...GRID.slice(3)],
    "runs",
    false,
  );
  const at = (name: PaneName) => places.find((place) => place.name === name);
  expect(at("structure")).toMatchObject({ column: 0, columns: 59 });
  expect(at("charts")).toMatchObject({ column: 60, row: 1 });
});

test("zoom gives everything to the pane in focus", () => {
  expect(layout({ columns: 80, rows: 23 }, 1, GRID, "charts", true)).toEqual([
    { name: "charts", column: 0, row: 1, columns: 80, rows: 22 },
  ]);
});

test("a pane too large for the screen is there when it has the focus, and left out when not", () => {
  const wishes = [wish("runs", 2, 5), wish("charts", 30, 30, 40)];
  expect(layout({ columns: 80, rows: 12 }, 1, wishes, "runs", false).map(({ name }) => name)).toEqual(["runs"]);
  expect(layout({ columns: 80, rows: 12 }, 1, wishes, "charts", false).map(({ name }) => name)).toContain("charts");
});
