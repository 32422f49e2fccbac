/** Texts that all formats share. */
import type { AverageCell, MeasuredRow, MeasuredTable } from "../../paper/measured-table.js";
import { formatCount } from "../format.js";

export const NOT_RUN = "not run";
export const AVERAGE = "Avg.";

export function title({ number, title }: MeasuredTable): string {
  return `Table ${number} of the paper, ${title}: measured and published scores, times 100`;
}

/** How to read the measured numbers. */
export function legend(table: MeasuredTable): string[] {
  const level = `${Math.round(table.level * 100)} %`;
  const experiment = table.experiment === null ? "" : ` Only runs of experiment ${table.experiment}.`;
  return [
    `Measured: ${table.model.measured}, mean ± half of the ${level} t-interval over seeds (number of seeds).${experiment}`,
    `Published: ${table.model.published}.`,
    `Score of a run: ${scoreText(table)}`,
  ];
}

function scoreText({ score, epoch_chosen_on: chosen, protocol }: MeasuredTable): string {
  if (protocol !== null) {
    return `that of its stored adapter under the protocol ${protocol}; "se" is the standard error over the rows, where there is one seed.`;
  }
  if (score === "last") return "that of its last epoch (--score last).";
  const by = {
    eval: "chosen by the dev rows that it is reported on",
    holdout: "chosen by a held-out part of train",
    both: "chosen by a held-out part of train where a run has one, else by the dev rows that it is reported on",
  };
  return `that of its best epoch${chosen ? `, ${by[chosen]}` : ""} (--score best).`;
}

/** Mean and half of the interval, without the number of seeds. */
export function numbers({ measured }: AverageCell, decimals: number): { mean: string; half: string | null } | null {
  if (!measured) return null;
  const { mean, low, high } = measured;
  const half = low === null || high === null ? null : ((high - low) / 2).toFixed(decimals);
  return { mean: mean.toFixed(decimals), half };
}

/** `86.4 ± 1.2 (3)`; of one run on a benchmark `45.96 ± 0.42 se (1)`. */
export function measuredText(cell: AverageCell & { standard_error?: number | null }, decimals: number): string {
  const found = numbers(cell, decimals);
  if (!found) return NOT_RUN;
  const error = cell.standard_error ?? null;
  const spread = error === null ? "" : ` ± ${error.toFixed(decimals)} se`;
  return `${found.mean}${found.half === null ? spread : ` ± ${found.half}`} (${cell.measured?.n})`;
}

/** `294,912`, or the least and the most if the cells of a row differ. */
export function countsText({ params: { measured } }: MeasuredRow): string {
  if (!measured) return "";
  const [least, most] = measured;
  return least === most ? formatCount(least) : `${formatCount(least)}-${formatCount(most)}`;
}
