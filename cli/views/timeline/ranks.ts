import type { MetricRow, RankRow } from "../../store/read.js";
import { formatScore } from "../format.js";
import { type EpochValue, epochGrid } from "../parts/epoch-grid.js";
import { oneLine } from "../parts/visible.js";

/** The rank of every module by epoch, for a method that moves ranks between modules; no lines without ranks. */
export function rankLines(ranks: readonly RankRow[], width: number): string[] {
  return ranks.length === 0 ? [] : epochGrid(rankValues(ranks), "rank", width, placeOf);
}

export const rankValues = (ranks: readonly RankRow[]): EpochValue[] =>
  ranks.map(({ module, epoch, rank }) => ({ key: oneLine(module), epoch, text: String(rank) }));

/** Scores of every form of a run, e.g. `accuracy@4` for rank 4; no lines without forms. */
export function formLines(metrics: readonly MetricRow[], scoreName: string, width: number): string[] {
  const values = formValues(metrics, scoreName);
  return values.length === 0 ? [] : epochGrid(values, formTitle(scoreName), width);
}

export function formValues(metrics: readonly MetricRow[], scoreName: string): EpochValue[] {
  const mark = `${scoreName}@`;
  return metrics
    .filter((row) => row.name.startsWith(mark))
    .map(({ name, epoch, value }) => ({ key: oneLine(name.slice(mark.length)), epoch, text: formatScore(value) }))
    .sort((a, b) => a.key.localeCompare(b.key, "en", { numeric: true }));
}

export const formTitle = (scoreName: string): string => oneLine(`${scoreName} at rank`);

/** `layer 3 query` of `roberta.encoder.layer.3.attention.self.query`. */
export function placeOf(module: string): string {
  const layer = /\.(\d+)\./.exec(module)?.[1];
  const last = module.split(".").at(-1) ?? module;
  return layer === undefined ? module : `layer ${layer} ${last}`;
}
