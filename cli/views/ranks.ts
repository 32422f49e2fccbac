import type { MetricRow, RankRow } from "../store/read.js";
import { formatScore } from "./format.js";
import { epochGrid } from "./parts/epoch-grid.js";

/** Rank of every module by epoch, for a method that moves ranks between them; no lines without any. */
export function rankLines(ranks: readonly RankRow[], width: number): string[] {
  if (ranks.length === 0) return [];
  const cells = ranks.map(({ module, epoch, rank }) => ({ row: placeOf(module), epoch, text: String(rank) }));
  return epochGrid(cells, "rank", width);
}

/** Scores of every form of a run that has several, `accuracy@4` for rank 4; no lines without any. */
export function formLines(metrics: readonly MetricRow[], scoreName: string, width: number): string[] {
  const mark = `${scoreName}@`;
  const rows = metrics.filter((row) => row.name.startsWith(mark));
  if (rows.length === 0) return [];
  const cells = rows
    .map(({ name, epoch, value }) => ({ row: name.slice(mark.length), epoch, text: formatScore(value) }))
    .sort((a, b) => a.row.localeCompare(b.row, "en", { numeric: true }));
  return epochGrid(cells, `${scoreName} at rank`, width);
}

/** `layer 3 query` of `roberta.encoder.layer.3.attention.self.query`. */
function placeOf(module: string): string {
  const layer = /\.(\d+)\./.exec(module)?.[1];
  const last = module.split(".").at(-1) ?? module;
  return layer === undefined ? module : `layer ${layer} ${last}`;
}
