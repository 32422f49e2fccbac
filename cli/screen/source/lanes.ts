import type { LiveAttempt, WatchedRow } from "../../store/read.js";

/**
 * Which runs of other processes train as one. Their job says so. Until it has, they are those of one worker whose newest
 * values are the same number, bit by bit, because that is what one lane stores for all its runs. The number is the place of
 * the lane's first run, from 1, because each job counts its own lanes.
 */
export function lanesOf(
  rows: readonly WatchedRow[],
  live: ReadonlyMap<number, Pick<LiveAttempt, "lane">>,
): Map<string, number> {
  const lanes = new Map<string, number>();
  const first = new Map<string, number>();
  for (const [at, row] of rows.entries()) {
    if (row.state !== "running") continue;
    const { run, attempt, owner, checkpoint, step, loss, newest_score, trainable_parameters, merges, injections } = row;
    const told = live.get(attempt ?? -1);
    const values = [checkpoint, step, loss, newest_score, trainable_parameters, merges, injections];
    const key = JSON.stringify([owner, ...(told ? [told.lane] : values)]);
    const lane = first.get(key) ?? at + 1;
    first.set(key, lane);
    lanes.set(run, lane);
  }
  return lanes;
}
