import { UsageError } from "../errors.js";
import { type ExperimentRow, experimentAxes, type RunRow, reproductionOf } from "../store/read.js";
import type { Store } from "../store/store.js";
import type { CompareData } from "../views/compare/data.js";
import { loadCompare } from "../views/compare/load.js";
import { gridOf } from "../views/grid/load.js";
import { loadSeedCurves } from "../views/seeds/load.js";
import { changeLine, loadTimeline } from "../views/timeline/data.js";
import type { ReportData, ReportFact, ReportRun, ReportTimeline } from "./data.js";

/** More would make a file that is slow to open. */
const MOST_TIMELINES = 100;
const COSTS = [
  { key: "params", heading: "parameters" },
  { key: "seconds", heading: "training time" },
  { key: "peak_memory", heading: "peak memory" },
];

export interface ReportRequest {
  experiment: ExperimentRow | null;
  runs: readonly RunRow[];
  said: string;
  /** A run, or the name of a row. */
  baseline?: string | undefined;
}

/** Throws UsageError where nothing has been measured, since there is nothing to report then. */
export function loadReport(store: Store, { experiment, runs, said, baseline }: ReportRequest): ReportData {
  const compare = withCosts(store, runs, said, baseline);
  const timelines = firstSeeds(compare, runs);
  return {
    name: experiment?.name ?? said,
    experiment: experiment && {
      ...{ id: experiment.id, spec_text: experiment.spec_text, sets: JSON.parse(experiment.sets) as string[] },
      ...{ created_at: experiment.created_at, last_run_at: experiment.last_run_at },
    },
    states: counted(runs.map(({ state }) => state)),
    compare,
    grid: experiment === null ? null : gridFor(store, experiment.id, new Set(runs.map(({ id }) => id))),
    runs: Object.fromEntries(runs.map((run) => [run.id, factsOf(run)])),
    curves: loadSeedCurves(store, { of: said, runs, sets: compare.sets }),
    losses: lossesOf(store, said, runs, compare),
    timelines: timelines.slice(0, MOST_TIMELINES).flatMap((run) => timelineOf(store, run)),
    timelines_left_out: Math.max(0, timelines.length - MOST_TIMELINES),
    environment: environmentOf(store, runs),
  };
}

/** The columns that compare chooses, and what the runs cost. */
function withCosts(store: Store, runs: readonly RunRow[], of: string, baseline: string | undefined): CompareData {
  return loadCompare(store, { of, runs, more: COSTS, baseline, overRows: true });
}

/** Null where it has no two axes, or another axis varies as well, or a filter leaves out some of its runs. */
function gridFor(store: Store, experiment: number, runs: ReadonlySet<string>): ReportData["grid"] {
  if (experimentAxes(store, experiment).length === 0) return null;
  try {
    const grid = gridOf(store, experiment);
    return grid?.cells.every((cell) => cell.runs.every((run) => runs.has(run))) ? grid : null;
  } catch (error) {
    if (error instanceof UsageError) return null;
    throw error;
  }
}

function lossesOf(store: Store, of: string, runs: readonly RunRow[], { sets }: CompareData): ReportData["losses"] {
  try {
    return loadSeedCurves(store, { of, runs, metric: "train/loss", sets });
  } catch (error) {
    if (error instanceof UsageError) return { of, panels: [] };
    throw error;
  }
}

function counted(texts: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return Object.fromEntries(counts);
}

const factsOf = (run: RunRow): ReportRun => ({
  ...{ label: run.label, seed: run.seed, state: run.state, score: run.best_score, best_epoch: run.best_epoch },
  ...{ trainable_parameters: run.final_trainable_parameters, seconds: run.train_seconds },
});

/** The first seed of each row that has been tried, best rows first. */
function firstSeeds({ sets }: CompareData, runs: readonly RunRow[]): RunRow[] {
  const byId = new Map(runs.map((run) => [run.id, run]));
  const first = sets.flatMap(({ rows }) => rows.flatMap((row) => byId.get(row.runs[0]?.run ?? "") ?? []));
  return first.filter(({ attempt_id }) => attempt_id !== null);
}

function timelineOf(store: Store, run: RunRow): ReportTimeline[] {
  const { scores, changes, score_name } = loadTimeline(store, run);
  if (scores.length === 0 && changes.length === 0) return [];
  const epochs = [...new Set(scores.map(({ epoch }) => epoch))].sort((a, b) => a - b);
  const places = new Map(epochs.map((epoch, at) => [epoch, at]));
  return [
    {
      ...{ run: run.id, label: run.label, score_name: scores[0]?.score_name ?? score_name, epochs },
      layers: scores.reduce((most, { span_end }) => Math.max(most, span_end + 1), 0),
      modules: scores.map((row) => [
        ...([places.get(row.epoch) ?? 0, row.span_start, row.span_end, row.kind] as const),
        row.score === null ? null : Number(row.score.toPrecision(4)),
      ]),
      changes: changes.map(changeLine),
    },
  ];
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((all, one) => all + one, 0);

/** A hash that differs from run to run, such as that of the weights, is only counted. */
function environmentOf(store: Store, runs: readonly RunRow[]): ReportFact[] {
  const values = new Map<string, Map<string, number>>();
  for (const { attempt_id } of runs) {
    if (attempt_id === null) continue;
    for (const [name, value] of reproductionOf(store, attempt_id)) {
      const counts = values.get(name) ?? new Map<string, number>();
      values.set(name, counts.set(value, (counts.get(value) ?? 0) + 1));
    }
  }
  return [...values].map(([name, counts]) => ({
    name,
    values:
      name.startsWith("hash.") && counts.size > 1
        ? [{ value: `${counts.size} different ones: lor2c show RUN environment`, runs: sum(counts.values()) }]
        : [...counts].map(([value, count]) => ({ value, runs: count })),
  }));
}
