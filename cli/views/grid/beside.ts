import { deviation, mean } from "../../stats/mean.js";
import type { GridCellRow } from "../../store/read.js";

/** Runs of the experiment that are not on the two axes, such as a baseline: those that differ only in their seed. */
export interface BesideRuns {
  label: string;
  /** How many have a score, and how many there are. */
  n: number;
  of: number;
  /** Over those with a score; null without one. */
  mean: number | null;
  /** Of the sample; null below two scores. */
  deviation: number | null;
  /** What they are, if all are the same. */
  state: string | null;
  runs: string[];
}

/** In the order of the spec. */
export function besideOf(rows: readonly GridCellRow[]): BesideRuns[] {
  const groups = new Map<string, { label: string; rows: GridCellRow[] }>();
  for (const row of rows) {
    const { seed: _, ...axes } = row.axes;
    const label = labelOf(row);
    const key = JSON.stringify([label, Object.entries(axes).sort()]);
    const group = groups.get(key) ?? { label, rows: [] };
    group.rows.push(row);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ label, rows }) => {
    const scores = rows.flatMap(({ value }) => value ?? []);
    const states = new Set(rows.map(({ state }) => state));
    return {
      label,
      n: scores.length,
      of: rows.length,
      mean: scores.length === 0 ? null : mean(scores),
      deviation: deviation(scores),
      state: states.size === 1 ? ([...states][0] ?? null) : null,
      runs: rows.map(({ run }) => run),
    };
  });
}

/** Without the seed that a sweep over seeds adds to each label. */
function labelOf({ label, axes, seed, method }: GridCellRow): string {
  if (!("seed" in axes)) return label;
  return label.replace(new RegExp(`(^| )seed=${seed}(?= |$)`), "").trim() || method;
}
