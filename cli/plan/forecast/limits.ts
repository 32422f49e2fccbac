import type { PlannedCell } from "../cell.js";
import type { Share } from "../share-out.js";
import type { JobForecast } from "./forecast.js";
import type { Device } from "./kind.js";

/** The remaining runs of a plan, and their forecast. */
export interface Foreseen {
  todo: readonly PlannedCell[];
  /** What each worker trains of them. */
  shares: readonly Share[];
  device: Device;
  forecast: JobForecast;
  /** The forecast of only the first `count` runs. */
  ofFirst(count: number): JobForecast;
}

export interface Limits {
  maxHours?: number | undefined;
  /** Bytes. */
  maxDisk?: number | undefined;
}

/** A limit that a job will probably exceed. */
export interface Exceeded {
  limit: "hours" | "disk";
  /** How many of the remaining runs, in the order of the plan, fit within all limits. */
  fits: number;
  /** The runs that cost most for their number. */
  heaviest: Heaviest | null;
}

interface Heaviest {
  /** A value that not all runs have, such as `method.name=full`; or one run's label. */
  name: string;
  runs: number;
  /** Their part of the cost of all runs, each trained alone. */
  share: number;
}

/** The values that are compared with the limits. */
const MEASURES = {
  hours: (job: JobForecast, { maxHours }: Limits) => job.seconds.likely / 3600 - (maxHours ?? Number.POSITIVE_INFINITY),
  disk: (job: JobForecast, { maxDisk }: Limits) => job.peakDisk - (maxDisk ?? Number.POSITIVE_INFINITY),
} as const;

/** The limits that a job exceeds; without any it may start. Pure. */
export function exceeded({ todo, forecast, ofFirst }: Foreseen, limits: Limits): Exceeded[] {
  const isOver = (job: JobForecast) => KINDS.filter((kind) => MEASURES[kind](job, limits) > 0);
  const over = isOver(forecast);
  if (over.length === 0) return [];
  const fits = mostThatFit(todo.length, (count) => isOver(ofFirst(count)).length === 0);
  return over.map((limit) => ({ limit, fits, heaviest: heaviestOf(todo, forecast, limit) }));
}

const KINDS = Object.keys(MEASURES) as (keyof typeof MEASURES)[];

/** A binary search: more runs cost more. */
function mostThatFit(total: number, fits: (count: number) => boolean): number {
  let [known, tooMany] = [0, total];
  while (tooMany - known > 1) {
    const middle = Math.floor((known + tooMany) / 2);
    if (fits(middle)) known = middle;
    else tooMany = middle;
  }
  return known;
}

function heaviestOf(todo: readonly PlannedCell[], { runs }: JobForecast, limit: Exceeded["limit"]): Heaviest | null {
  const costs = new Map(runs.map((run) => [run.id, limit === "hours" ? run.seconds.likely : run.disk]));
  const groups = new Map<string, { runs: number; cost: number }>();
  const total = [...costs.values()].reduce((sum, cost) => sum + cost, 0);
  for (const { id, label, axes } of todo) {
    const names = Object.entries(axes).map(([axis, value]) => `${axis}=${textOf(value)}`);
    for (const name of names.length > 0 ? names : [label]) {
      const group = groups.get(name) ?? { runs: 0, cost: 0 };
      groups.set(name, { runs: group.runs + 1, cost: group.cost + (costs.get(id) ?? 0) });
    }
  }
  const excess = (group: { runs: number; cost: number }) => group.cost / total - group.runs / todo.length;
  const [first] = [...groups].toSorted(([, a], [, b]) => excess(b) - excess(a));
  if (!first || total === 0) return null;
  const [name, { runs: count, cost }] = first;
  return excess(first[1]) > 0.05 ? { name, runs: count, share: cost / total } : null;
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
