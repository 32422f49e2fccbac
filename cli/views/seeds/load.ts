import { UsageError } from "../../errors.js";
import { mean } from "../../stats/mean.js";
import { evaluatedMetrics, type RunRow } from "../../store/read.js";
import { type CurvePoint, metricCurves } from "../../store/read-curves.js";
import type { Store } from "../../store/store.js";
import type { CompareRow, CompareSet } from "../compare/data.js";
import { loadCompare } from "../compare/load.js";
import { extent } from "../parts/extent.js";
import type { SeedCurve, SeedCurves, SeedPanel, SeedPoint } from "./data.js";

export interface CurvesRequest {
  of: string;
  runs: readonly RunRow[];
  /** `accuracy`, or with the split of its rows `train/loss`; default: the score. */
  metric?: string | undefined;
  /** Of these runs, where they are known already. */
  sets?: readonly CompareSet[];
}

/** Throws UsageError for a metric that none of the runs has. */
export function loadSeedCurves(
  store: Store,
  { of, runs, metric, sets = setsOf(store, of, runs) }: CurvesRequest,
): SeedCurves {
  const [, split = "eval", name] = /^(?:(train|eval|holdout)\/)?(.+)$/.exec(metric ?? "") ?? [];
  const byId = new Map(runs.map((run) => [run.id, run]));
  const panels = sets.map((set): SeedPanel => panelOf(store, set, byId, split, name ?? set.score_name));
  if (name !== undefined && panels.every(({ curves }) => curves.length === 0)) {
    const known = evaluatedMetrics(store, runs).join(", ");
    throw new UsageError(
      "METRIC_UNKNOWN",
      `none of these runs has measured ${metric}`,
      `they have: ${known}, train/loss`,
    );
  }
  return { of, panels };
}

const setsOf = (store: Store, of: string, runs: readonly RunRow[]) =>
  loadCompare(store, { of, runs, columns: "score" }).sets;

function panelOf(
  store: Store,
  { task, score_name, eval_rows, rows }: CompareSet,
  byId: ReadonlyMap<string, RunRow>,
  split: string,
  metric: string | null,
): SeedPanel {
  const own = rows.flatMap((row) => row.runs.flatMap(({ run }) => byId.get(run) ?? []));
  const majorities = new Set(own.flatMap(({ majority_score }) => majority_score ?? []));
  return {
    ...{ task, eval_rows, score_name, split, metric: metric ?? "score" },
    majority: split === "eval" && metric === score_name && majorities.size === 1 ? ([...majorities][0] ?? null) : null,
    // Row by row: all values of a thousand runs at once would fill the memory.
    curves: metric === null ? [] : rows.flatMap((row) => curveOf(store, row, byId, split, metric)),
  };
}

function curveOf(
  store: Store,
  { name, runs }: CompareRow,
  byId: ReadonlyMap<string, RunRow>,
  split: string,
  metric: string,
): SeedCurve[] {
  const ids = runs.map(({ run }) => run);
  const attempts = ids.flatMap((run) => byId.get(run)?.attempt_id ?? []);
  const points = metricCurves(store, attempts, split, metric);
  return points.length === 0 ? [] : [{ name, runs: ids, points: foldedBySteps(points) }];
}

/** Seeds of one row take the same steps, so a step is one place of the curve. */
function foldedBySteps(points: readonly CurvePoint[]): SeedPoint[] {
  const places = new Map<number, { epoch: number; values: number[] }>();
  for (const [, step, epoch, value] of points) {
    const known = places.get(step);
    const place = known ?? { epoch, values: [] };
    if (!known) places.set(step, place);
    if (value !== null) place.values.push(value);
  }
  return [...places]
    .toSorted(([a], [b]) => a - b)
    .map(([step, { epoch, values }]) => {
      const [low, high] = extent(values);
      const some = values.length > 0;
      return {
        ...{ step, epoch, n: values.length },
        ...{ mean: some ? mean(values) : null, low: some ? low : null, high: some ? high : null },
      };
    });
}
