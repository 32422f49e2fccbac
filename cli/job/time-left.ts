import { fillSlots, idle } from "../plan/fill-slots.js";

/** The progress of the whole job. */
export interface TimeLeft {
  /** The done part of what this command trains, 0 to 1; stopped runs do not count as done. */
  fraction: number;
  /**
   * Seconds until the last of its workers is done; null before a step was measured, or if only other processes train.
   */
  secondsLeft: number | null;
}

/** The measurements of one share so far. Costs are in the unit of `Share.cost`, times are wall seconds. */
export interface ShareTimes {
  /** Shares of one kind take about the same time per cost. */
  kind: string;
  state: "waiting" | "running" | "over";
  /** Seconds since its worker was started. */
  elapsed: number;
  /** Seconds from then until training began; null before. */
  startSeconds: number | null;
  /** Seconds since the newest of the measurements below. */
  idle: number;
  /** Steps of this process: their cost and time, and the cost of those that are left. */
  done: number;
  trainSeconds: number;
  left: number;
  /** The same for evaluations of a lane, and the rows of one. */
  evaluations: number;
  evaluateSeconds: number;
  evaluationsLeft: number;
  evalRows: number;
  /** Runs without an outcome. */
  open: number;
  /** Runs that were saved and checked after their training, and how long that took. */
  finishes: number;
  finishSeconds: number;
}

/** The time of a row without its backward pass, relative to one with it; used before the first measured evaluation. */
const FORWARD_ALONE = 1 / 3;

/**
 * Seconds until all shares are over. Assumes that running shares continue at their speed, and that the others start, in
 * order, as soon as a slot is free. Null if nothing has been measured yet. `lengths`: what `secondsOfEach` gives. Pure.
 */
export function timeLeft(
  shares: readonly ShareTimes[],
  slots: number,
  lengths: readonly (number | null)[] = secondsOfEach(shares),
): number | null {
  if (lengths.some((seconds) => seconds === null)) return null;
  const ends = shares.flatMap(({ state }, i) => (state === "running" ? [lengths[i] ?? 0] : []));
  const waiting = shares.flatMap(({ state }, i) => (state === "waiting" ? [lengths[i] ?? 0] : []));
  return fillSlots(waiting, [...ends, ...idle(Math.max(0, slots - ends.length))]);
}

/** Seconds that each takes from now, at the speed of its kind, or of all; null before any step was measured. */
export function secondsOfEach(shares: readonly ShareTimes[]): (number | null)[] {
  const starts = shares.flatMap(({ startSeconds }) => startSeconds ?? []);
  const start = starts.length > 0 ? sum(starts) / starts.length : 0;
  return shares.map((share) => {
    if (share.state === "over") return 0;
    const alike = shares.filter(({ kind }) => kind === share.kind);
    const mean = (seconds: keyof ShareTimes, count: keyof ShareTimes) =>
      ratio(alike, seconds, count) ?? ratio(shares, seconds, count);
    const train = trainSeconds(shares, alike);
    if (train === null) return null;
    const evaluate = mean("evaluateSeconds", "evaluations") ?? share.evalRows * train * FORWARD_ALONE;
    // A saved run is loaded and evaluated again.
    const finish = mean("finishSeconds", "finishes") ?? evaluate;
    const starting = share.startSeconds === null ? Math.max(0, start - share.elapsed) : 0;
    const rest = share.left * train + share.evaluationsLeft * evaluate + share.open * finish;
    // An evaluation of many lanes sends nothing for long, so time without events counts, but at most half of the rest.
    return starting + Math.max(rest / 2, rest - share.idle);
  });
}

/** The part of its work after which a kind's own speed counts in full; its first steps are slower than the others. */
const SETTLED = 0.05;

/** Seconds per cost of training, for shares of one kind; as long as little of them was measured, mixed with that of all. */
function trainSeconds(shares: readonly ShareTimes[], alike: readonly ShareTimes[]): number | null {
  const [own, all] = [ratio(alike, "trainSeconds", "done"), ratio(shares, "trainSeconds", "done")];
  if (own === null || all === null) return own ?? all;
  const [done, left] = [sum(alike.map((share) => share.done)), sum(alike.map((share) => share.left))];
  const weight = Math.min(1, done / (SETTLED * (done + left)));
  return weight * own + (1 - weight) * all;
}

function ratio(shares: readonly ShareTimes[], seconds: keyof ShareTimes, count: keyof ShareTimes): number | null {
  const total = (key: keyof ShareTimes) => sum(shares.map((share) => Number(share[key])));
  return total(count) > 0 ? total(seconds) / total(count) : null;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
