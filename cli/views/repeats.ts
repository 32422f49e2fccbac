import type { Repeats } from "../job/reporter.js";
import { LEVEL, meanInterval } from "../stats/mean-interval.js";
import { formatScore, plural } from "./format.js";

/** The most groups that are shown; `--json` has the score of every run. */
const MOST = 20;

/** A line for each group of runs that differ only in seed, split or folds: mean, interval, deviation. */
export function repeatLines(repeats: readonly Repeats[]): string[] {
  const lines = repeats.slice(0, MOST).map(({ label, over, scoreName, missing, scores }) => {
    const { n, mean, low, high, sd } = meanInterval(scores);
    const ends =
      low === null || high === null ? "" : `, ${LEVEL * 100} % interval ${formatScore(low)} to ${formatScore(high)}`;
    const spread = sd === null ? "" : `, standard deviation ${formatScore(sd)}`;
    const left = missing === 0 ? "" : ` (${plural(missing, "run")} without a score)`;
    return `${label ? `${label}: ` : ""}mean ${scoreName} of ${plural(n, "run")} over ${over.join(", ")}: ${formatScore(mean)}${ends}${spread}${left}`;
  });
  return repeats.length > MOST ? [...lines, `and ${plural(repeats.length - MOST, "more mean")}`] : lines;
}
