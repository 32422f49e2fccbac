/** A grid of scores as plain data: `lor2c heatmap --format json` prints it, and every picture is drawn from it. */

import { UsageError } from "../../errors.js";
import { mixedNumerics } from "../../plan/numerics.js";
import { DIVERGED, divergence } from "../../protocol/divergence.js";
import type { Optimism } from "../../stats/chosen-score.js";
import { deviation, mean } from "../../stats/mean.js";
import { CANNOT_RUN, type GridCellRow, type LeftOutRow, type WhichEpoch } from "../../store/read.js";
import { lowerIsBetter } from "../../store/score-direction.js";
import type { ItemsOfRun } from "../run-items.js";
import { axisOf, type GridAxis } from "./axes.js";
import { type BesideRuns, besideOf } from "./beside.js";
import type { GridCell, GridState, Position } from "./cell.js";
import { findCoincidences } from "./coincide.js";
import { correctedBest, type Separation, separateFromBest } from "./separate.js";

export interface Grid {
  experiment: { id: number; name: string };
  model: string;
  task: string;
  method: string;
  /** The `key=value` filters of `--where`. */
  where: readonly string[];
  score: {
    name: string;
    which: WhichEpoch;
    lowerIsBetter: boolean /** Fractions, which people read times 100. */;
    fraction: boolean;
  };
  rows: GridAxis;
  cols: GridAxis;
  /**
   * The score of always predicting the most frequent label, if it is the same for all runs; null for another metric.
   */
  majority: number | null;
  /** The largest number of runs in a cell. */
  seeds: number;
  /** Ordered row by row. */
  cells: GridCell[];
  /** What the best cell's score is without the luck of the choice; null if no cell has a score. */
  choice: (Optimism & { cells: number; leftOut: number }) | null;
  /** How cells were told from the best one. */
  separation: Separation | null;
  beside: BesideRuns[];
  notes: string[];
}

export interface GridSource {
  experiment: { id: number; name: string };
  cells: readonly GridCellRow[];
  leftOut: readonly LeftOutRow[];
  /** The evaluation rows of a run, for tests where there is one seed. */
  items?: ItemsOfRun | undefined;
}

export interface GridOptions {
  /** Dotted keys of the two axes. */
  rows: string;
  cols: string;
  metric: string | null;
  which: WhichEpoch;
  where?: readonly string[];
}

/** Throws UsageError if the runs do not have the same score. */
export function buildGrid({ experiment, cells, leftOut, items }: GridSource, options: GridOptions): Grid {
  const isInside = ({ axes }: { axes: GridCellRow["axes"] }) => options.rows in axes && options.cols in axes;
  const inside = cells.filter(isInside);
  const name = options.metric ?? scoreName(inside);
  // A row that the spec asks for is shown even if none of it can run; what the spec excludes is not shown.
  const invalid = leftOut.filter((cell) => {
    return cell.reason.startsWith(CANNOT_RUN) && !options.where?.length && isInside(cell);
  });
  const rows = axisOf(options.rows, options.cols, [...inside, ...invalid]);
  const cols = axisOf(options.cols, options.rows, [...inside, ...invalid]);
  const lower = lowerIsBetter(name);
  const [runsAt, reasonsAt] = [byPlace(inside, options), byPlace(leftOut.filter(isInside), options)];
  const built = rows.values.flatMap((row) =>
    cols.values.map((col) => {
      const place = placeOf(row, col);
      return cellAt({ row, col }, runsAt.get(place) ?? [], reasonsAt.get(place)?.[0]?.reason ?? null);
    }),
  );
  markBest(built, lower);
  findCoincidences(built, inside, options);
  const ofBest = isOwnBest(options, inside) ? items : undefined;
  const separation = separateFromBest(built, ofBest);
  const heldOut = new Map(inside.map(({ run, held_out }) => [run, held_out]));
  const values = built.flatMap(({ mean, soFar }) => [mean, soFar]).filter((value) => value !== null);
  return {
    experiment,
    model: words(inside.map((cell) => cell.model)),
    task: words(inside.map((cell) => cell.task)),
    method: words(inside.map((cell) => cell.method)),
    where: options.where ?? [],
    score: {
      name,
      which: options.which,
      lowerIsBetter: lower,
      fraction: !lower && values.length > 0 && values.every((value) => Math.abs(value) <= 1),
    },
    rows,
    cols,
    majority: options.metric === null || options.metric === inside[0]?.score_name ? majorityOf(inside) : null,
    seeds: Math.max(...built.map((cell) => cell.of)),
    cells: built,
    choice: correctedBest(built, { lowerIsBetter: lower, heldOut, items: ofBest }),
    separation,
    beside: besideOf(onePerRun(cells.filter((cell) => !isInside(cell)))),
    notes: [...unevenAxes(inside, options), ...listOf(mixedNumerics(cells.filter(({ value }) => value !== null)))],
  };
}

function scoreName(cells: readonly GridCellRow[]): string {
  const names = new Set(cells.flatMap((cell) => cell.score_name ?? []));
  if (names.size > 1) {
    const list = [...names].join(", ");
    throw new UsageError("GRID_SCORES_DIFFER", `the cells have different scores: ${list}`, "choose one with --metric");
  }
  return [...names][0] ?? "score";
}

/** Stored predictions are those after the epoch that the run's own score chose. */
const isOwnBest = ({ metric, which }: GridOptions, [first]: readonly GridCellRow[]): boolean =>
  which === "best" && (metric === null || metric === first?.score_name);

function majorityOf(cells: readonly GridCellRow[]): number | null {
  const scores = new Set(cells.flatMap(({ majority_score }) => majority_score ?? []));
  return scores.size === 1 ? ([...scores][0] ?? null) : null;
}

const placeOf = (row: unknown, col: unknown) => JSON.stringify([row, col]);

/** Groups items by their cell, so that a grid of thousands of runs is not searched for each cell. */
function byPlace<T extends { axes: GridCellRow["axes"] }>(items: readonly T[], { rows, cols }: GridOptions) {
  const places = new Map<string, T[]>();
  for (const item of items) {
    const place = placeOf(item.axes[rows], item.axes[cols]);
    const there = places.get(place);
    if (there) there.push(item);
    else places.set(place, [item]);
  }
  return places;
}

function cellAt(at: Position, here: readonly GridCellRow[], leftOut: string | null): GridCell {
  const runs = onePerRun(here);
  const values = runs.flatMap(({ value }) => value ?? []);
  const failures = runs.filter(({ state }) => FAILED.has(state));
  const failed = failures.find(({ error_type }) => error_type !== DIVERGED) ?? failures[0];
  const state = stateOf(runs, values.length, failed);
  return {
    ...at,
    state,
    n: values.length,
    of: runs.length,
    mean: meanOrNull(values),
    deviation: deviation(values),
    soFar: soFarOf(state, runs),
    scores: runs.flatMap(({ run, seed, value }) => (value === null ? [] : [{ seed, run, score: value }])),
    parameters: meanOrNull(runs.flatMap(({ parameters }) => parameters ?? [])),
    best: false,
    separable: null,
    p: null,
    coincides: null,
    reason: runs.length === 0 ? leftOut : (failed && failureOf(failed)) || null,
    runs: runs.map(({ run }) => run),
  };
}

/** What a diverged run scored last says nothing. */
function soFarOf(state: GridState, runs: readonly GridCellRow[]): number | null {
  if (state !== "running" && state !== "stopped" && state !== "failed") return null;
  const counted = state === "running" ? runs.filter(({ running }) => running === 1) : runs;
  return meanOrNull(counted.flatMap(({ so_far, error_type }) => (error_type === DIVERGED ? [] : (so_far ?? []))));
}

/** Several combinations can be the same run; its score counts once. */
const onePerRun = (cells: readonly GridCellRow[]) => [...new Map(cells.map((cell) => [cell.run, cell])).values()];

const FAILED: ReadonlySet<string> = new Set(["failed", "out_of_memory", "lost"]);

/** The best possible outcome comes first: a cell with one failed and one running seed is running. */
function stateOf(runs: readonly GridCellRow[], scored: number, failed: GridCellRow | undefined): GridState {
  if (runs.length === 0) return "left_out";
  if (runs.some(({ running, state }) => running === 1 && state !== "finished")) return "running";
  if (failed) return failed.error_type === DIVERGED ? "diverged" : "failed";
  if (runs.some(({ state }) => state === "stopped")) return "stopped";
  if (runs.some(({ state }) => state !== "finished")) return "planned";
  return scored === 0 ? "diverged" : "finished";
}

/** Lost runs share one text without ids, because nothing is wrong with them. */
function failureOf({ run, state, error_type, message }: GridCellRow): string {
  if (state === "lost") return "lost: its process died; the same command trains it again";
  const failed = `${state.replaceAll("_", " ")}${error_type ? ` (${error_type})` : ""}`;
  return `${divergence(error_type, message) ?? failed}, run ${run.slice(0, 8)}`;
}

/** Only cells with the most seeds compete, because one seed may be lucky. If all are equal, none is best. */
function markBest(cells: GridCell[], lower: boolean): void {
  const most = Math.max(...cells.map(({ n }) => n));
  const able = cells.filter(({ n, mean }) => n === most && mean !== null);
  const means = able.map(({ mean }) => mean ?? 0);
  const best = lower ? Math.min(...means) : Math.max(...means);
  const winners = able.filter(({ mean }) => Math.abs((mean ?? 0) - best) < 1e-12);
  if (winners.length < able.length) for (const cell of winners) cell.best = true;
}

/** Warns of other axes that are constant within each cell but differ between cells. */
function unevenAxes(inside: readonly GridCellRow[], { rows, cols }: GridOptions): string[] {
  const axes = new Set(inside.flatMap((cell) => Object.keys(cell.axes)));
  return [...axes]
    .filter((axis) => axis !== rows && axis !== cols && axis !== "seed")
    .filter((axis) => new Set(inside.map((cell) => JSON.stringify(cell.axes[axis]))).size > 1)
    .map((axis) => `${axis} differs between cells`);
}

const meanOrNull = (values: readonly number[]) => (values.length === 0 ? null : mean(values));

const listOf = <T>(value: T | null): T[] => (value === null ? [] : [value]);

const words = (values: string[]) => [...new Set(values)].join(", ");
