import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { claimAll, disposableFolder, sampleCell, sampleEvents as say } from "../../store/fixtures/sample.js";
import { openStore } from "../../store/store.js";
import { ingest, registerExperiment } from "../../store/write.js";
import { followGrid } from "./follow.js";
import type { Grid } from "./grid.js";

let temp: { folder: string; remove: () => void };
beforeEach(() => {
  temp = disposableFolder();
});
afterEach(() => temp.remove());

const CELLS = [0, 1].flatMap((merges) =>
  [0, 1].map((injections) => ({
    ...sampleCell(`${merges}${injections}`.padEnd(16, "0"), { method: { name: "imlor2c", merges, injections } }),
    axes: { "method.merges": merges, "method.injections": injections },
  })),
);

test("shows the grid at once and again as cells finish, until it is stopped", async () => {
  const dbPath = `${temp.folder}/lor2c.db`;
  const store = openStore(dbPath);
  const experiment = registerExperiment(store, { name: "x", specFile: null, specText: "", cells: CELLS });
  const seen: Grid[] = [];
  const stop = followGrid({ dbPath, experiment, cells: [] }, (grid) => seen.push(grid));
  expect(seen.map((grid) => grid.cells.map(({ state }) => state))).toEqual([Array(4).fill("planned")]);

  const [first = CELLS[0]] = CELLS;
  if (!first) throw new Error("no cells");
  ingest(store, claimAll(store, [first]), [say.started([first.id]), say.finished([first.id], 2, 0.9)]);
  await vi.waitFor(() => expect(seen.at(-1)?.cells[0]).toMatchObject({ state: "finished", mean: 0.9 }), 5000);
  stop();
  const looks = seen.length;
  await new Promise((done) => setTimeout(done, 1500));
  expect(seen).toHaveLength(looks);
  store.close();
});

test("shows nothing and does not fail without a database, without two axes, or with too many cells", () => {
  const dbPath = `${temp.folder}/lor2c.db`;
  const seen: Grid[] = [];
  const follow = (experiment: number, cells: unknown[] = []) =>
    followGrid({ dbPath, experiment, cells: cells as [] }, (grid) => seen.push(grid))();
  follow(1);
  const store = openStore(dbPath);
  const flat = registerExperiment(store, {
    name: "x",
    specFile: null,
    specText: "",
    cells: [sampleCell("a".repeat(16))],
  });
  const grid = registerExperiment(store, { name: "y", specFile: null, specText: "", cells: CELLS });
  follow(flat);
  follow(grid, Array(5000));
  expect(seen).toEqual([]);
  follow(grid);
  expect(seen).toHaveLength(1);
  store.close();
});
