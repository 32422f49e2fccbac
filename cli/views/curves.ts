import { getEpochScores, getMetrics, type MetricRow } from "../store/read.js";
import { formatValue } from "./format.js";
import { chart, type Point } from "./parts/chart.js";
import { view } from "./view.js";

const HEIGHT = 8;

interface Data {
  score_name: string | null;
  train_loss: MetricRow[];
  eval_loss: MetricRow[];
  scores: { step: number; epoch: number; score: number | null }[];
  majority_score: number | null;
}

export const curves = view<Data>({
  name: "curves",
  describe: "Loss and score over the epochs",
  load(store, run) {
    const id = run.attempt_id;
    return {
      score_name: run.score_name,
      train_loss: id === null ? [] : getMetrics(store, id, { split: "train", name: "loss" }),
      eval_loss: id === null ? [] : getMetrics(store, id, { split: "eval", name: "loss" }),
      scores: id === null ? [] : getEpochScores(store, id).map(({ step, epoch, score }) => ({ step, epoch, score })),
      majority_score: run.majority_score,
    };
  },
  render(data, width) {
    const blocks = [
      block("training loss", fromMetrics(data.train_loss), width),
      block("evaluation loss", fromMetrics(data.eval_loss), width),
      block(
        `${data.score_name ?? "score"}${data.majority_score === null ? "" : ` (majority class ${formatValue(data.majority_score)})`}`,
        data.scores.map(({ epoch, score }) => ({ x: epoch, y: score })),
        width,
      ),
    ].filter((text) => text !== null);
    return blocks.length > 0 ? blocks.join("\n\n") : "nothing has been measured yet";
  },
});

function fromMetrics(rows: MetricRow[]): Point[] {
  return rows.map(({ epoch, value }) => ({ x: epoch, y: value }));
}

function block(title: string, points: Point[], width: number): string | null {
  if (points.length === 0) return null;
  const broken = points.filter((point) => point.y === null).length;
  const last = points.at(-1)?.y ?? null;
  const heading = `${title} by epoch: last ${formatValue(last)}${broken > 0 ? `, ${broken} of ${points.length} not finite` : ""}`;
  return [heading, ...chart(points, { width, height: HEIGHT })].join("\n");
}
