import { expect, test } from "vitest";
import { shippedCatalog } from "../spec/catalog.js";
import { load } from "../spec/fixtures/specs.js";
import type { PlannedCell } from "./cell.js";
import { inspectedAs, plannedFrom } from "./fixtures/planned.js";
import { shareOut } from "./share-out.js";

/** Cells of a real method of the shipped catalog, with the events that a worker would return. */
function cells(sweep: string, events: (cell: PlannedCell) => { epoch: number; key: string }[]): PlannedCell[] {
  const text = `model: minilm\ntask: movie-reviews\nmethod: imlor2c\ntrain: {num_train_epochs: 8}\nsweep: {grid: ${sweep}}`;
  return plannedFrom(load(text, [], shippedCatalog()).cells).map((cell) => ({
    ...cell,
    inspected: inspectedAs({
      total_steps: 8 * 94,
      events: events(cell).map((event) => ({ ...event, probable: true })),
    }),
  }));
}

const mergesAt = (cell: PlannedCell) =>
  Array.from({ length: Number(cell.settings.method.merges) }, (_, i) => ({ epoch: i + 1, key: "merge" }));

const sizes = (shares: { cells: unknown[] }[]) => shares.map((share) => share.cells.length);

test("one slot keeps a grid whole; two slots get a part each, with one place for checkpoints", () => {
  const grid = cells("{method.merges: 0..5}", mergesAt);
  expect(sizes(shareOut(grid, 1))).toEqual([6]);
  const parts = shareOut(grid, 2);
  expect(parts).toHaveLength(2);
  expect(new Set(parts.map((part) => part.key)).size).toBe(1);
  expect(parts.flatMap((part) => part.cells.map((cell) => cell.id)).sort()).toEqual(grid.map((cell) => cell.id).sort());
});

test("as many bundles as slots are not cut, the longest first", () => {
  const seeds = cells("{method.merges: 0..1, seed: [1, 2]}", (cell) =>
    cell.settings.seed === 2 ? mergesAt(cell) : [],
  );
  const shares = shareOut(seeds, 2);
  expect(sizes(shares)).toEqual([2, 2]);
  expect(shares[0]?.cells[0]?.settings.seed).toBe(2);
  expect(shares[0]?.cost).toBeGreaterThan(shares[1]?.cost ?? 0);
});

test("cells that never part are not cut: each part would train the whole again", () => {
  expect(
    sizes(
      shareOut(
        cells("{method.merges: 0..5}", () => []),
        4,
      ),
    ),
  ).toEqual([6]);
});
