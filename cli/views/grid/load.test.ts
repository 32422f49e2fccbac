/** Tests from a spec's cells through a real database to a grid. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PlannedCell } from "../../plan/cell.js";
import { claimAll, disposableFolder, sampleCell, sampleEvents as say } from "../../store/fixtures/sample.js";
import { openStore, type Store } from "../../store/store.js";
import { endAttempt, ingest, registerExperiment } from "../../store/write.js";
import { gridOf, loadGrid } from "./load.js";

let temp: { folder: string; remove: () => void };
let store: Store;
beforeEach(() => {
  temp = disposableFolder();
  store = openStore(`${temp.folder}/lor2c.db`);
});
afterEach(() => {
  store.close();
  temp.remove();
});

type Axes = Record<string, number | string>;
const id = (...parts: number[]) => parts.join("").padEnd(16, "0");
const cell = (name: string, axes: Axes, seed = 17): PlannedCell => {
  const method = { name: "imlor2c", merges: axes["method.merges"], injections: axes["method.injections"] };
  return { ...sampleCell(name, { method, seed }), axes, label: JSON.stringify(axes) };
};
const GRID = [0, 1].flatMap((merges) =>
  [0, 1].map((injections) =>
    cell(id(merges, injections), { "method.merges": merges, "method.injections": injections }),
  ),
);
const register = (name: string, cells: PlannedCell[], more: object = {}) =>
  registerExperiment(store, { name, specFile: null, specText: name, cells, ...more });

/** Two evaluations: 0.6 and `best`, then `last`; with a structural change if `merges` is 1. */
function finish(one: PlannedCell, best: number, last = best): void {
  const attempts = claimAll(store, [one]);
  const cells = [one.id];
  const merged = (one.settings.method.merges as number) > 0 ? [say.change(cells, 2)] : [];
  const evaluation = (seq: number, step: number, accuracy: number, f1: number) =>
    say.metrics(cells, seq, step, { accuracy, f1 }, "eval");
  ingest(
    store,
    attempts,
    [
      say.started(cells),
      ...merged,
      evaluation(3, 94, 0.6, 0.1),
      evaluation(4, 188, best, 0.2),
      evaluation(5, 282, best, 0.3),
      evaluation(6, 376, last, 0.4),
      { ...say.finished(cells, 7, best), last_score: last },
    ],
    null,
  );
}

const values = (request: Parameters<typeof loadGrid>[1] = {}) => loadGrid(store, request).cells.map(({ mean }) => mean);

test("best and last epoch, and another metric after each: that of the first epoch with the best score", () => {
  register("x", GRID);
  for (const [i, one] of GRID.entries()) finish(one, (7 + i) / 10, 0.65);
  expect(values()).toEqual([0.7, 0.8, 0.9, 1]);
  expect(values({ which: "last" })).toEqual([0.65, 0.65, 0.65, 0.65]);
  expect(values({ metric: "f1" })).toEqual([0.2, 0.2, 0.2, 0.2]);
  expect(values({ metric: "f1", which: "last" })).toEqual([0.4, 0.4, 0.4, 0.4]);
  expect(values({ metric: "accuracy" })).toEqual(values());
  expect(() => values({ metric: "f2" })).toThrow(expect.objectContaining({ hint: "it has: accuracy, f1" }));
});

test("the epoch that the spec fixes, or any other", () => {
  register("x", GRID);
  for (const [i, one] of GRID.entries()) finish(one, (7 + i) / 10, 0.65);
  expect(values({ which: 1 })).toEqual([0.6, 0.6, 0.6, 0.6]);
  expect(values({ which: 4, metric: "f1" })).toEqual([0.4, 0.4, 0.4, 0.4]);
  expect(() => values({ which: 9 })).toThrow("no finished run of x has a score after epoch 9");
  expect(() => values({ which: "fixed" })).toThrow("no finished run of x names train.report_epoch");
  store.db.prepare("UPDATE runs SET report_epoch = 2").run();
  expect(values({ which: "fixed" })).toEqual([0.7, 0.8, 0.9, 1]);
});

test("states as stored: running with the newest score, failed with the reason, planned", () => {
  register("x", GRID);
  const [a, b, c] = GRID as [PlannedCell, PlannedCell, PlannedCell];
  finish(a, 0.8);
  const running = claimAll(store, [b]);
  ingest(store, running, [
    say.started([b.id]),
    say.metrics([b.id], 2, 94, { accuracy: 0.55 }, "eval"),
    say.metrics([b.id], 3, 188, { accuracy: 0.61 }, "eval"),
  ]);
  const lost = claimAll(store, [c]);
  ingest(store, lost, [say.started([c.id]), say.metrics([c.id], 2, 94, { accuracy: 0.58 }, "eval")]);
  endAttempt(store, lost.get(c.id) as number, "lost");
  expect(loadGrid(store).cells).toMatchObject([
    { state: "finished", mean: 0.8, best: false },
    { state: "running", mean: null, soFar: 0.61 },
    { state: "failed", mean: null, soFar: 0.58, reason: "lost: its process died; the same command trains it again" },
    { state: "planned", n: 0 },
  ]);
});

test("cells that coincide, from the stored changes", () => {
  register("x", GRID);
  for (const one of GRID) finish(one, 0.7);
  // merges=1 made one change, whatever the number of injections; merges=0 made none.
  expect(loadGrid(store).cells.map(({ coincides }) => coincides)).toEqual([
    null,
    { row: 0, col: 0 },
    null,
    { row: 1, col: 0 },
  ]);
});

test("a run of several combinations is drawn in each of their cells, and counts once in each", () => {
  const [first, second] = [0, 1].map((merges) => cell(id(merges), { "method.merges": merges, "data.path": "fold1" }));
  if (!first || !second) throw new Error("two cells were expected");
  const at = (path: string, merges: number, position: number) => ({
    position,
    label: path,
    axes: { "method.merges": merges, "data.path": path },
  });
  register("x", [
    { ...first, also: [at("fold2", 0, 2), at("fold2", 0, 4)] },
    { ...second, also: [at("fold2", 1, 3)] },
  ]);
  finish(first, 0.7);
  const grid = loadGrid(store, { rows: "data.path", cols: "method.merges" });
  expect(grid.cells.map(({ row, col, mean, n, of }) => [row, col, mean, n, of])).toEqual([
    ["fold1", 0, 0.7, 1, 1],
    ["fold1", 1, null, 0, 1],
    ["fold2", 0, 0.7, 1, 1],
    ["fold2", 1, null, 0, 1],
  ]);
});

test("the experiment stores what the sweep left out and what the command line changed", () => {
  const leftOut = [{ axes: { "method.merges": 1, "method.injections": 1 }, reason: "excluded by the spec" }];
  const sets = ["sweep.grid.method.merges=0..1"];
  const experiment = register("x", GRID.slice(0, 3), { leftOut, sets });
  expect(loadGrid(store).cells.at(-1)).toMatchObject({ state: "left_out", reason: "excluded by the spec" });
  expect(JSON.parse(store.prepare("SELECT sets FROM experiments").pluck().get() as string)).toEqual(sets);
  // The same runs again, without the exclude: it is the same experiment, as it was run last.
  expect(register("x", GRID.slice(0, 3))).toBe(experiment);
  expect(loadGrid(store).cells.at(-1)).toMatchObject({ state: "left_out", reason: null });
});

describe("which experiment", () => {
  const later = (experiment: number, time: string) =>
    store.prepare("UPDATE experiments SET last_run_at = ? WHERE id = ?").run(time, experiment);
  test("loads the newest with the axes, the newest of a name, or the one with a number", () => {
    const first = register("x", GRID);
    const wider = register("x", [...GRID, cell(id(2, 0), { "method.merges": 2, "method.injections": 0 })]);
    const other = register("y", [cell(id(8), { seed: 1 }, 1), cell(id(9), { seed: 2 }, 2)]);
    later(first, "2026-01-01T00:00:00Z");
    later(wider, "2026-01-02T00:00:00Z");
    later(other, "2026-01-03T00:00:00Z");
    expect(loadGrid(store).experiment).toEqual({ id: wider, name: "x" });
    expect(loadGrid(store, { experiment: "x" }).experiment.id).toBe(wider);
    expect(loadGrid(store, { experiment: String(first) }).experiment.id).toBe(first);
    expect(gridOf(store, first)?.experiment.id).toBe(first);
    expect(gridOf(store, other)).toBeNull();
    expect(() => loadGrid(store, { experiment: "y" })).toThrow(/y has no such grid: .*what varies in it: seed/);
    expect(() => loadGrid(store, { experiment: "z" })).toThrow(
      expect.objectContaining({ hint: "the newest are: y, x" }),
    );
    expect(() => loadGrid(store, { experiment: "x", rows: "rank" })).toThrow(/rank does not vary in it/);
    expect(() => loadGrid(store, { rows: "rank" })).toThrow("there is no experiment with these axes");
  });
  test("without a name: merges by injections with scores, then whole grids, then a few variants, then those without scores", () => {
    const [lr, rank] = ["train.learning_rate", "method.rank"];
    const axes = (name: string, list: [number, number][]) =>
      list.map(([a, b], i) => cell(id(name.length, i), { [lr as string]: a, [rank as string]: b }));
    const whole = axes("whole", [
      [1, 4],
      [1, 8],
      [2, 4],
      [2, 8],
    ]);
    const few = axes("variants", [
      [1, 4],
      [2, 8],
    ]);
    const ids = [register("mi", GRID), register("whole", whole), register("few", few)];
    for (const [i, one] of ids.entries()) later(one, `2026-01-0${i + 1}T00:00:00Z`);
    const order = () => {
      const { experiment, others } = loadGrid(store);
      return [experiment.name, ...others.map(({ name }) => name)];
    };
    expect(order()).toEqual(["mi", "whole", "few"]); // no scores anywhere
    for (const one of few) finish(one, 0.7);
    expect(order()).toEqual(["few", "mi", "whole"]);
    for (const one of whole) finish(one, 0.7);
    expect(order()).toEqual(["whole", "few", "mi"]);
    finish(GRID[0] as PlannedCell, 0.7);
    expect(order()).toEqual(["mi", "whole", "few"]);
    expect(loadGrid(store, { experiment: "whole" }).others).toEqual([]);
  });
  test("none", () => {
    expect(() => loadGrid(store)).toThrow(/there is no experiment whose sweep has merges and injections/);
  });
  test("the user must choose a value of a third axis; the title names the slice", () => {
    const rates = [1e-4, 4e-4];
    const cells = rates.flatMap((rate, i) =>
      GRID.map((one) => {
        const axes = { ...one.axes, "train.learning_rate": rate } as Axes;
        return cell(`${one.id.slice(0, 2)}${i}`.padEnd(16, "0"), axes);
      }),
    );
    const experiment = register("x", cells);
    expect(() => gridOf(store, experiment)).toThrow(/train.learning_rate varies as well/);
    const slice = loadGrid(store, { where: ["learning_rate=4e-4"] });
    expect(slice.cells.map(({ of }) => of)).toEqual([1, 1, 1, 1]);
    expect(slice.where).toEqual(["learning_rate=4e-4"]);
    expect(loadGrid(store, { rows: "learning_rate", cols: "merges", where: ["injections=0"] }).cells).toHaveLength(4);
  });
});

test("values that print alike, NULL and empty text keep their own columns through the database", () => {
  const values = [4e-4, 4.001e-4, null, "", "null", "1", 1];
  const cells = values.flatMap((value, i) =>
    [0, 1].map((merges) => cell(id(merges, i), { "method.merges": merges, "train.odd": value as string })),
  );
  register("x", cells);
  for (const [i, one] of cells.entries()) finish(one, 0.5 + i / 100);
  const grid = loadGrid(store, { rows: "odd", cols: "merges" });
  expect(grid.rows.values).toEqual(values);
  expect(new Set(grid.rows.texts).size).toBe(values.length);
  expect(grid.cells.map(({ mean }) => mean)).toEqual(cells.map((_, i) => 0.5 + i / 100));
});
