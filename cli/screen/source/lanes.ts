import type { WatchedRow } from "../../store/read.js";

/**
 * Which runs of other processes train as one: those of one worker whose newest values are the same number, bit by bit,
 * because that is what one lane stores for all its runs. The number is the place of the lane's first run, from 1.
 */
export function lanesOf(rows: readonly WatchedRow[]): Map<string, number> {
  const lanes = new Map<string, number>();
  const first = new Map<string, number>();
  for (const [at, row] of rows.entries()) {
    if (row.state !== "running") continue;
    const { run, checkpoint, step, loss, newest_score, trainable_parameters, merges, injections } = row;
    const key = JSON.stringify([
      checkpoint ?? run,
      ...[step, loss, newest_score, trainable_parameters, merges, injections],
    ]);
    const lane = first.get(key) ?? at + 1;
    first.set(key, lane);
    lanes.set(run, lane);
  }
  return lanes;
}
