/** What is said of a best cell: which others a test tells from it, and its score without the luck of the choice. */
import { appendFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { samplePredictions } from "../../store/fixtures/predictions.js";
import { claimAll, disposableFolder, sampleCell, sampleEvents as say } from "../../store/fixtures/sample.js";
import type { GridCellRow } from "../../store/read.js";
import { openStore, type Store } from "../../store/store.js";
import { ingest, registerExperiment } from "../../store/write.js";
import { sampleGrid, sampleRows } from "../fixtures/grid.js";
import type { Grid } from "./grid.js";
import { loadGrid } from "./load.js";
import { footnotes } from "./marks.js";
import { gridText } from "./text.js";

/** M 1, I 3 is best in the sample, by 0.0025 to its neighbour. `noise` moves the seeds apart. */
const rows = (seeds: number, change: (row: GridCellRow) => Partial<GridCellRow> = () => ({})) =>
  sampleRows({ seeds, change });
const at = ({ cells }: Grid, row: number, col: number) => cells.find((cell) => cell.row === row && cell.col === col);
const line = (grid: Grid, start: string) => footnotes(grid).find((text) => text.startsWith(start));

describe("over seeds", () => {
  test("five pairs can tell no cell from the best: all are marked, and a line says what it takes", () => {
    const grid = sampleGrid(rows(5));
    expect(grid.separation).toEqual({
      ...{
        by: "seeds",
        compared: 11,
        alpha: 0.05,
        pairs: 5,
        smallest: 0.0625,
        needed: 9,
        resamples: null,
        reason: null,
      },
    });
    expect(grid.cells.filter(({ best }) => !best).map(({ p, separable }) => [p, separable])).toEqual(
      Array.from({ length: 11 }, () => [0.6875, false]),
    );
    expect(at(grid, 1, 3)).toMatchObject({ best: true, p: null, separable: null });
    expect(line(grid, "~")).toBe(
      "~ 11 cells are not separable from the best: exact sign-flip test over 5 common seeds, 5 %, Holm's correction " +
        "for 11; 5 pairs reach p = 0.0625 at best: to tell one apart takes 9 seeds or more",
    );
  });
  test("ten tell those apart that are always worse; a cell that is better for some seeds is marked", () => {
    const near = (row: GridCellRow) =>
      row.axes["method.merges"] === 1 && row.axes["method.injections"] === 2
        ? { value: 0.8919 + row.seed / 400 - 17 / 400 + (row.seed % 2 ? 0.002 : -0.003) }
        : {};
    const grid = sampleGrid(rows(10, near));
    expect(at(grid, 1, 2)?.separable).toBe(false);
    expect(grid.cells.filter(({ separable }) => separable === true)).toHaveLength(10);
    expect(at(grid, 0, 0)?.p).toBeCloseTo((11 * 2) / 2 ** 10, 12);
    expect(line(grid, "~")).toMatch(/^~ 1 cell is not separable from the best: .* 10 common seeds, .* for 11$/);
    expect(gridText(grid, { width: null, depth: 1 })).toMatch(/ 90\.27~ +90\.34\*$/m);
  });
  test("a low loss is the best one", () => {
    const grid = sampleGrid(rows(10), { metric: "loss" });
    expect(at(grid, 0, 0)?.best).toBe(true);
    expect(at(grid, 1, 3)).toMatchObject({ separable: true, p: expect.closeTo((11 * 2) / 2 ** 10, 12) });
  });
  test("cells that are one training count once, and those with fewer seeds by the seeds they have", () => {
    const grid = sampleGrid(
      rows(10, (row) => {
        const [merges, injections] = [row.axes["method.merges"], row.axes["method.injections"]];
        if (merges === 0) return { changes: "[]", value: 0.8725 + (row.seed - 17) / 400 };
        return merges === 2 && injections === 0 && row.seed > 19 ? { state: "failed", value: null } : {};
      }),
    );
    expect(grid.separation).toMatchObject({ compared: 8, needed: 9 });
    expect(at(grid, 0, 3)?.p).toBe(at(grid, 0, 0)?.p);
    expect(at(grid, 2, 0)).toMatchObject({ n: 3, separable: false });
  });
  test("nothing is compared while no cell is best, or where no seed is common", () => {
    expect(sampleGrid(rows(5, () => ({ value: 0.9 }))).separation).toBeNull();
    const apart = rows(2, (row) => ({ seed: 2 * row.position + row.seed }));
    expect(line(sampleGrid(apart), "which cells")).toBe(
      "which cells differ from the best is not known: no cell has a seed in common with the best",
    );
  });
});

describe("the best, without the luck of the choice", () => {
  test("by the other seeds", () => {
    // One lucky seed makes M 0, I 0 the best of all; without it the choice is M 1, I 3.
    const lucky = (row: GridCellRow) => (row.run.startsWith("000") ? { value: 0.99 } : {});
    const grid = sampleGrid(rows(3, lucky));
    expect(at(grid, 0, 0)?.best).toBe(true);
    expect(grid.choice).toMatchObject({ by: "leave-one-seed-out", cells: 12, leftOut: 0 });
    expect(grid.choice?.honest).toBeCloseTo((0.8922 + 0.875 + 0.8775) / 3, 10);
    expect(line(grid, "best")).toMatch(
      /^best: 91\.\d\d at M 0, I 0 .*; corrected for the choice among 12: 88\.16 \(chosen on the other seeds/,
    );
  });
  test("by a held-out part of train", () => {
    const held = (row: GridCellRow) => ({ held_out: row.run.startsWith("200") ? 0.9 : 0.8 });
    expect(sampleGrid(rows(1, held)).choice).toMatchObject({ by: "holdout", honest: expect.closeTo(0.8799, 10) });
    expect(line(sampleGrid(rows(1, held)), "best")).toContain("(chosen on the held-out part of train)");
  });
  test("unknown, with the reason", () => {
    expect(sampleGrid().choice).toMatchObject({ by: null, honest: null, reason: "one seed and no holdout part" });
    expect(line(sampleGrid(), "best")).toContain(
      "corrected for the choice among 12: not known (one seed and no holdout part)",
    );
    expect(line(sampleGrid(), "which cells")).toBe("which cells differ from the best is not known: one seed");
  });
});

describe("one seed, with stored predictions", () => {
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

  const ROWS = 200;
  const labels = Array.from({ length: ROWS }, (_, row) => row % 2);
  /** Wrong in every row that `wrong` names; the four cells of a 2 x 2 grid. */
  const WRONG: ((row: number) => boolean)[] = [
    (row) => row % 5 === 0,
    (row) => row % 5 === 0 && row !== 0,
    (row) => row % 2 === 0,
    (row) => row % 3 === 0,
  ];
  function stored(change: { score?: number; data?: string; without?: number } = {}): string[] {
    const cells = WRONG.map((_, i) => {
      const [merges, injections] = [i >> 1, i & 1];
      const axes = { "method.merges": merges, "method.injections": injections };
      const method = { name: "imlor2c", merges, injections };
      return { ...sampleCell(`${i}`.repeat(16), { method, seed: 17 }), axes, label: JSON.stringify(axes) };
    });
    registerExperiment(store, { name: "x", specFile: null, specText: "x", cells });
    return cells.map(({ id }, i) => {
      const attempts = claimAll(store, cells.slice(i, i + 1));
      const said = labels.map((label, row) => (WRONG[i]?.(row) ? 1 - label : label));
      const right = said.filter((one, row) => one === labels[row]).length / ROWS;
      const data = i === 3 ? change.data : undefined;
      const file = samplePredictions(`${temp.folder}/runs/${id}/attempt-1`, id, {
        labels,
        said,
        ...(data && { data }),
      });
      const score = i === 3 ? (change.score ?? right) : right;
      ingest(store, attempts, [
        say.started([id]),
        ...(i === change.without ? [] : [file]),
        say.finished([id], 3, score),
      ]);
      return file.path;
    });
  }

  test("a bootstrap over the rows compares and corrects", () => {
    stored();
    const grid = loadGrid(store);
    expect(grid.cells.map(({ best, separable }) => [best, separable])).toEqual([
      [false, false],
      [true, null],
      [false, true],
      [false, true],
    ]);
    expect(grid.separation).toMatchObject({ by: "rows", compared: 3, resamples: 10_000 });
    expect(grid.choice).toMatchObject({ by: "bootstrap", cells: 4 });
    expect(Math.abs((grid.choice?.optimism ?? 1) - 0.002)).toBeLessThan(0.004);
    expect(line(grid, "~")).toBe(
      "~ 1 cell is not separable from the best: paired bootstrap over the evaluation rows of one seed, 10,000 samples, " +
        "5 %, Holm's correction for 3",
    );
    expect(loadGrid(store)).toEqual(grid);
    expect(loadGrid(store, { withoutItems: true }).choice?.by).toBeNull();
  });
  test.each([
    ["of another score than the stored one", { score: 0.99 }, /run 33333333 give another score than the stored one/],
    ["on other rows", { data: "sha256:bb" }, /run 33333333 was scored on other rows/],
    ["that are not stored", { without: 2 }, /run 22222222 has no predictions that can be read/],
  ])("predictions %s are of no use", (_, change, why) => {
    stored(change);
    const grid = loadGrid(store);
    expect(grid.separation).toMatchObject({ by: null, reason: expect.stringMatching(why) });
    expect(grid.choice).toMatchObject({ by: null, reason: expect.stringMatching(why) });
    expect(grid.cells.every(({ separable }) => separable === null)).toBe(true);
  });
  test("a damaged file is of no use either", () => {
    appendFileSync(stored()[1] ?? "", "x");
    expect(loadGrid(store).separation?.reason).toMatch(/run 11111111 has no predictions that can be read/);
  });
  test("scores after another epoch, or another metric, have no predictions", () => {
    stored();
    expect(loadGrid(store, { which: "last" }).separation?.reason).toBe("one seed");
  });
});
