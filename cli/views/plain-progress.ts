import type { Lane } from "../job/lane.js";
import type { JobModel } from "../job/model.js";
import type { TimeLeft } from "../job/time-left.js";
import { formatCount, formatSeconds, plural } from "./format.js";

/** The most lanes that are named; of more only the steps are told. */
const MOST_NAMED = 3;

/** How far a job of several runs is: `42% of the job, 3 of 10 runs finished, about 1m 4s left; in training: ...`. */
export function jobLine(
  { fraction, secondsLeft }: TimeLeft,
  { counts, runs, ...model }: Pick<JobModel, "counts" | "runs"> & { training: ReadonlyMap<Lane, string[]> },
  nameOf: (runs: readonly string[]) => string,
): string {
  const done = `${Math.floor(fraction * 100)}% of the job`;
  const finished = `${formatCount(counts.get("finished") ?? 0)} of ${plural(runs.size, "run")} finished`;
  const left = secondsLeft === null ? [] : [`about ${formatSeconds(secondsLeft)} left`];
  const lanes = trainingText(model.training, nameOf);
  return [[done, finished, ...left].join(", "), ...(lanes ? [`in training: ${lanes}`] : [])].join("; ");
}

function trainingText(training: ReadonlyMap<Lane, string[]>, nameOf: (runs: readonly string[]) => string): string {
  const lanes = [...training].filter(([{ facts }]) => facts.totalSteps > 0);
  if (lanes.length <= MOST_NAMED) {
    return lanes.map(([lane, runs]) => `${nameOf(runs)} (${stepsText([lane])})`).join(", ");
  }
  const runs = lanes.reduce((sum, [, own]) => sum + own.length, 0);
  return `${plural(runs, "run")} in ${formatCount(lanes.length)} lanes (${stepsText(lanes.map(([lane]) => lane))})`;
}

function stepsText(lanes: readonly Lane[]): string {
  const steps = lanes.map(({ facts }) => facts.step);
  const [low, high] = [Math.min(...steps), Math.max(...steps)];
  const totals = new Set(lanes.map(({ facts }) => facts.totalSteps));
  const of = totals.size === 1 ? ` of ${formatCount([...totals][0] ?? 0)}` : "";
  return `step ${low === high ? formatCount(low) : `${formatCount(low)} to ${formatCount(high)}`}${of}`;
}
