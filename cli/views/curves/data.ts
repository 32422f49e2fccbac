import { getEpochScores, getMetrics, type MetricRow, type RunRow } from "../../store/read.js";
import type { Store } from "../../store/store.js";
import { formatValue, shortId } from "../format.js";
import type { Point } from "../parts/chart.js";
import { oneLine } from "../parts/visible.js";
import type { OfRun } from "../view.js";

export interface CurvesData {
  score_name: string | null;
  train_loss: MetricRow[];
  eval_loss: MetricRow[];
  scores: { step: number; epoch: number; score: number | null }[];
  majority_score: number | null;
}

export function loadCurves(store: Store, run: RunRow): CurvesData {
  const id = run.attempt_id;
  return {
    score_name: run.score_name,
    train_loss: id === null ? [] : getMetrics(store, id, { split: "train", name: "loss" }),
    eval_loss: id === null ? [] : getMetrics(store, id, { split: "eval", name: "loss" }),
    scores: id === null ? [] : getEpochScores(store, id).map(({ step, epoch, score }) => ({ step, epoch, score })),
    majority_score: run.majority_score,
  };
}

export const NOTHING = "nothing has been measured yet";

/** One chart: a measure of all runs that have it. */
export interface Panel {
  title: string;
  /** The score of always predicting the most frequent label, if it is the same for all runs. */
  majority: number | null;
  series: Series[];
}

export interface Series {
  /** Index of the run among those shown, from 0; the same in every chart. */
  index: number;
  name: string;
  points: Point[];
}

/** A chart of the losses and one for each kind of score, because different scores have no common axis. Pure. */
export function panelsOf(shown: readonly OfRun<CurvesData>[]): Panel[] {
  const named = shown.map(({ run, label, data }, index) => ({
    index,
    name: `${shortId(run)}  ${oneLine(label)}`,
    data,
  }));
  const panel = (title: string, pointsOf: (data: CurvesData) => Point[]): Panel => ({
    title,
    majority: null,
    series: named.flatMap(({ index, name, data }) => {
      const points = pointsOf(data);
      return points.length === 0 ? [] : [{ index, name, points }];
    }),
  });
  const losses = (rows: MetricRow[]) => rows.map(({ epoch, value }) => ({ x: epoch, y: value }));
  // a loss that is the score has its chart already
  const names = [...new Set(shown.map(({ data }) => data.score_name))].filter((name) => name !== "loss");
  return [
    panel("training loss", (data) => losses(data.train_loss)),
    panel("evaluation loss", (data) => losses(data.eval_loss)),
    ...names.map((name) => ({
      ...panel(oneLine(name ?? "score"), (data) =>
        data.score_name === name ? data.scores.map(({ epoch, score }) => ({ x: epoch, y: score })) : [],
      ),
      majority: only(shown.flatMap(({ data }) => (data.score_name === name ? (data.majority_score ?? []) : []))),
    })),
  ].filter(({ series }) => series.length > 0);
}

/** `last 0.81`, and how many values were not finite. */
export function lastText({ points }: Series): string {
  const broken = points.filter((point) => point.y === null).length;
  const some = broken > 0 ? `, ${broken} of ${points.length} not finite` : "";
  return `last ${formatValue(points.at(-1)?.y ?? null)}${some}`;
}

function only(values: readonly number[]): number | null {
  return new Set(values).size === 1 ? (values[0] ?? null) : null;
}
