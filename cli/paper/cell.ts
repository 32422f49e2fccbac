/** One cell: its runs, their mean, the verdict, and notes. Pure. */

import type { Catalog } from "../spec/catalog.js";
import { type Candidate, chosenScore } from "../stats/chosen-score.js";
import type { Items } from "../stats/items.js";
import { meanInterval } from "../stats/mean-interval.js";
import type { ComparableRun } from "../store/read-comparable.js";
import type { MeasuredCell, ScoreChoice } from "./measured-table.js";
import type { PaperColumn, PaperRow, PaperTable } from "./reference.js";
import { incomparable, otherMethod, otherTraining } from "./runs-of-cell.js";
import { differingSettings, type Group, groupRuns, isFinished } from "./setting-groups.js";
import { gapToNext, judge } from "./verdict.js";

export interface CellQuestion {
  table: PaperTable;
  row: PaperRow;
  column: PaperColumn;
  /** Runs of the column's task and the row's method. */
  runs: readonly ComparableRun[];
  score: ScoreChoice;
  experiment: string | null;
  catalog: Catalog;
  /** Makes a reader of the stored rows of runs that are compared with each other. */
  items?: (() => ItemsOfRun) | undefined;
}

/** A run's evaluation rows, or why there are none. */
type ItemsOfRun = (run: string) => Items | string;

export interface CellAnswer {
  cell: MeasuredCell;
  /** The runs of the mean. */
  shown: ComparableRun[];
  notes: string[];
  /** Settings that differ from the published script and from the method's defaults. */
  unusual: string[];
}

interface Scored {
  run: ComparableRun;
  score: number;
  heldOut: number | null;
}

export function measureCell(question: CellQuestion): CellAnswer {
  const { table, row, column, runs, score, experiment, catalog } = question;
  const published = row.scores[column.task] ?? Number.NaN;
  const gap = gapToNext(
    published,
    table.rows.map((other) => other.scores[column.task] ?? Number.NaN),
  );
  const grid = row.best_of_grid !== undefined;
  const groups = groupRuns(runs, grid, experiment, catalog);
  const scored = groups.map((group) => ({ group, scores: scoresOf(group, column, score) }));
  const used = scored.find(({ scores }) => scores.length > 0);
  const base = { task: column.task, published, gap, experiment: used?.group.experiment?.name ?? null };
  if (!used) {
    const verdict = judge({ published, decimals: table.decimals, measured: null, gap, incomparable: [] });
    const nothing = { measured: null, scores: [], trainable_parameters: null, standard_error: null, choice: null };
    const cell = { ...base, ...verdict, ...nothing };
    return { cell, shown: [], notes: groups.flatMap((group) => unusable(group, column)), unusual: [] };
  }

  const best = grid ? bestCell(used.scores, question.items) : null;
  const chosen = best ? used.scores.filter(({ run }) => sameCell(run, best.best)) : used.scores;
  const shown = chosen.toSorted((a, b) => a.run.seed - b.run.seed);
  const measured = meanInterval(shown.map((one) => one.score));
  const why = [...new Set(shown.flatMap(({ run }) => incomparable(run, column, table.model)))];
  const others = scored.filter(({ group, scores }) => group !== used.group && scores.length > 0);
  return {
    cell: {
      ...base,
      ...judge({ published, decimals: table.decimals, measured, gap, incomparable: why }),
      measured,
      scores: shown.map((one) => ({ seed: one.run.seed, run: one.run.id, score: one.score })),
      trainable_parameters: shown[0]?.run.trainable_parameters ?? null,
      standard_error: standardError(shown),
      choice: best && {
        merges: best.best.merges,
        injections: best.best.injections,
        cells: best.cells,
        left_out: best.leftOut,
        by: best.by,
        honest: best.honest,
        optimism: best.optimism,
        error: best.error,
        reason: best.reason,
      },
    },
    shown: shown.map(({ run }) => run),
    notes: [
      ...groups.slice(0, groups.indexOf(used.group) + 1).flatMap((group) => unusable(group, column)),
      ...others.map(({ group, scores }) => otherSettings(used.group, group, scores.length)),
    ],
    unusual: shown[0] ? [...otherTraining(shown[0].run, column), ...otherMethod(shown[0].run, row, catalog)] : [],
  };
}

/** Scores times 100, without runs that are unfinished, diverged, or have another score. */
function scoresOf({ runs }: Group, column: PaperColumn, choice: ScoreChoice): Scored[] {
  return runs.flatMap((run) => {
    const score = choice === "best" ? run.best_score : run.last_score;
    if (!isFinished(run) || score === null || run.score_name !== column.metric) return [];
    const heldOut = choice === "best" ? run.holdout_best : run.holdout_last;
    return [{ run, score: score * 100, heldOut: heldOut === null ? null : heldOut * 100 }];
  });
}

const placeOf = ({ settings: { method } }: ComparableRun) => ({
  merges: method.merges as number,
  injections: method.injections as number,
});

function sameCell(run: ComparableRun, cell: { merges: number; injections: number }): boolean {
  const { merges, injections } = placeOf(run);
  return merges === cell.merges && injections === cell.injections;
}

interface PaperCell extends Candidate {
  merges: number;
  injections: number;
  /** The first of its runs. */
  run: string;
}

function bestCell(scores: readonly Scored[], items: CellQuestion["items"]) {
  const rowsOf = items?.();
  if (!rowsOf) return chosenScore(gridOf(scores));
  return chosenScore(gridOf(scores), {
    items: ({ run }) => {
      const found = rowsOf(run);
      return typeof found === "string" ? found : { ...found, score: (sample) => 100 * found.score(sample) };
    },
  });
}

/** Those with the fewest merges, then the fewest injections, come first. */
function gridOf(scores: readonly Scored[]): PaperCell[] {
  const cells = new Map<string, PaperCell & { scores: Map<number, { shown: number; heldOut: number | null }> }>();
  for (const { run, score, heldOut } of scores) {
    const place = placeOf(run);
    const key = `${place.merges} ${place.injections}`;
    const cell = cells.get(key) ?? { ...place, run: run.id, scores: new Map() };
    cell.scores.set(run.seed, { shown: score, heldOut });
    cells.set(key, cell);
  }
  return [...cells.values()].sort((a, b) => a.merges - b.merges || a.injections - b.injections);
}

/** Counts runs that are in no mean, because a mean over the surviving seeds is not one over all seeds. */
function unusable({ runs }: Group, column: PaperColumn): string[] {
  const reasons = runs.flatMap((run): string[] => {
    if (!isFinished(run)) return [run.state.replaceAll("_", " ")];
    if (run.score_name !== column.metric) return [`scored by ${run.score_name}, not ${column.metric}`];
    return run.best_score === null || run.last_score === null ? ["without a finite score"] : [];
  });
  return [...new Set(reasons)].map((reason) => {
    const count = reasons.filter((other) => other === reason).length;
    return `not counted: ${count} of ${runs.length} runs, ${reason}`;
  });
}

function otherSettings(used: Group, other: Group, scores: number): string {
  const place = ({ experiment }: Group) => (experiment ? `experiment ${experiment.name}` : "no experiment");
  return (
    `several settings fit. Shown: ${differingSettings(other, used).join(", ")} (${place(used)}); ` +
    `not shown: ${differingSettings(used, other).join(", ")} (${place(other)}, ${scores} finished)`
  );
}

/** Of one run's score over the rows of a benchmark, times 100; several runs have the spread of their seeds instead. */
function standardError(shown: readonly Scored[]): number | null {
  const error = shown.length === 1 ? (shown[0]?.run.standard_error ?? null) : null;
  return error === null ? null : error * 100;
}
