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
}

/** Throws UsageError for a metric that none of the runs has. */
export function loadSeedCurves(store: Store, { of, runs, metric }: CurvesRequest): SeedCurves {
  const [, split = "eval", name] = /^(?:(train|eval|holdout)\/)?(.+)$/.exec(metric ?? "") ?? [];
  const byId = new Map(runs.map((run) => [run.id, run]));
  const { sets } = loadCompare(store, { of, runs, columns: "score" });
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

function panelOf(
  store: Store,
  { task, score_name, eval_rows, rows }: CompareSet,
  byId: ReadonlyMap<string, RunRow>,
  split: string,
  metric: string | null,
): SeedPanel {
  const own = rows.flatMap((row) => row.runs.flatMap(({ run }) => byId.get(run) ?? []));
  const attempts = own.flatMap(({ attempt_id }) => attempt_id ?? []);
  const points = metric === null ? [] : metricCurves(store, attempts, split, metric);
  const ofAttempt = new Map<number, CurvePoint[]>();
  for (const point of points) {
    const before = ofAttempt.get(point.attempt);
    if (before) before.push(point);
    else ofAttempt.set(point.attempt, [point]);
  }
  const majorities = new Set(own.flatMap(({ majority_score }) => majority_score ?? []));
  return {
    ...{ task, eval_rows, score_name, split, metric: metric ?? "score" },
    majority: split === "eval" && metric === score_name && majorities.size === 1 ? ([...majorities][0] ?? null) : null,
    curves: rows.flatMap((row) => curveOf(row, byId, ofAttempt)),
  };
}

function curveOf(
  { name, runs }: CompareRow,
  byId: ReadonlyMap<string, RunRow>,
  ofAttempt: ReadonlyMap<number, readonly CurvePoint[]>,
): SeedCurve[] {
  const ids = runs.map(({ run }) => run);
  const points = ids.flatMap((run) => ofAttempt.get(byId.get(run)?.attempt_id ?? -1) ?? []);
  return points.length === 0 ? [] : [{ name, runs: ids, points: foldedBySteps(points) }];
}

/** Seeds of one row take the same steps, so a step is one place of the curve. */
function foldedBySteps(points: readonly CurvePoint[]): SeedPoint[] {
  const places = new Map<number, CurvePoint[]>();
  for (const point of points) {
    const before = places.get(point.step);
    if (before) before.push(point);
    else places.set(point.step, [point]);
  }
  return [...places]
    .toSorted(([a], [b]) => a - b)
    .map(([step, here]) => {
      const values = here.flatMap(({ value }) => value ?? []);
      const [low, high] = extent(values);
      const some = values.length > 0;
      return {
        ...{ step, epoch: here[0]?.epoch ?? 0, n: values.length },
        ...{ mean: some ? mean(values) : null, low: some ? low : null, high: some ? high : null },
      };
    });
}
