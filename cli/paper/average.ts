/** The last column: the mean over the tasks, if all of them were run. Pure. */
import { type MeanInterval, meanInterval } from "../stats/mean-interval.js";
import type { AverageCell, MeasuredCell } from "./measured-table.js";
import type { PaperRow, PaperTable } from "./reference.js";
import { gapToNext, judge } from "./verdict.js";

export function averageCell(table: PaperTable, row: PaperRow, cells: readonly MeasuredCell[]): AverageCell {
  const published = row.average;
  const measured = overTasks(cells);
  const incomparable = cells.filter((cell) => cell.verdict === "not comparable").flatMap((cell) => cell.reason ?? []);
  // If the printed average is not the mean of the printed scores, the comparison uses that mean.
  const compared = row.average_of_cells ?? published;
  const gap = gapToNext(
    compared,
    table.rows.map((other) => other.average_of_cells ?? other.average),
  );
  const judgement = judge({
    published: compared,
    decimals: table.decimals,
    measured,
    gap,
    incomparable: [...new Set(incomparable)],
  });
  const parted = measured !== null && measured.low === null && cells.some((cell) => cell.scores.length > 1);
  const reason = judgement.verdict === "underpowered" && parted ? "the tasks have different seeds" : judgement.reason;
  return { published, measured, verdict: judgement.verdict, reason };
}

/** The mean of the tasks' means. If all tasks have the same seeds, it is over the seeds' averages, with an interval. */
function overTasks(cells: readonly MeasuredCell[]): MeanInterval | null {
  const means = cells.flatMap(({ measured }) => (measured === null ? [] : [measured.mean]));
  if (means.length === 0 || means.length < cells.length) return null;
  const seeds = cells[0]?.scores.map(({ seed }) => seed) ?? [];
  const bySeed = cells.map((cell) => new Map(cell.scores.map(({ seed, score }) => [seed, score])));
  const same = bySeed.every((scores) => scores.size === seeds.length && seeds.every((seed) => scores.has(seed)));
  if (!same) return { ...meanInterval(means), n: 1, sd: null, low: null, high: null };
  return meanInterval(seeds.map((seed) => meanInterval(bySeed.map((scores) => scores.get(seed) ?? Number.NaN)).mean));
}
