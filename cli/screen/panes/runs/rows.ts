/** The rows of the runs pane: runs, filtered, sorted and in groups. Pure. */
import { lowerIsBetter } from "../../../store/score-direction.js";
import type { RunColumn, ScreenRun } from "../../data.js";
import { stateWord } from "../../header.js";

export const SORTS = ["order", "score", "loss", "epoch", "time", "label", "state", "column"] as const;
type Sort = (typeof SORTS)[number];

export interface Arrangement {
  sort: Sort;
  /** Turns the order around. */
  reversed: boolean;
  /** A dotted setting, or `state`; null: no groups. */
  group: string | null;
  /** Groups of which only the head is shown. */
  folded: readonly string[];
}

/** What sorting by the added column goes by; null if there is none. */
type Added = RunColumn | null;

export type Row =
  | { kind: "run"; key: string; run: ScreenRun; depth: number }
  | { kind: "group"; key: string; name: string; runs: readonly ScreenRun[]; folded: boolean };

/** Keys by which these runs can be grouped: only those that tell some apart. */
export function groupKeys(runs: readonly ScreenRun[]): string[] {
  const keys = ["state", ...new Set(runs.flatMap((run) => Object.keys(run.settings)))];
  return keys.filter((key) => new Set(runs.map((run) => groupOf(run, key))).size > 1);
}

/** Pinned runs stand first, outside of any group. */
export function rowsOf(runs: readonly ScreenRun[], pinned: readonly string[], how: Arrangement, added: Added): Row[] {
  const sorted = sortRuns(runs, how, added);
  const top = sorted.filter(({ id }) => pinned.includes(id));
  const rest = top.length === 0 ? sorted : sorted.filter(({ id }) => !pinned.includes(id));
  const rowOf = (run: ScreenRun, depth: number): Row => ({ kind: "run", key: run.id, run, depth });
  if (how.group === null) return [...top, ...rest].map((run) => rowOf(run, 0));
  const groups = new Map<string, ScreenRun[]>();
  for (const run of rest) {
    const name = groupOf(run, how.group);
    const there = groups.get(name);
    if (there) there.push(run);
    else groups.set(name, [run]);
  }
  return [
    ...top.map((run) => rowOf(run, 0)),
    ...[...groups].flatMap(([name, members]): Row[] => {
      const key = `group:${name}`;
      const folded = how.folded.includes(key);
      const head: Row = { kind: "group", key, name: `${how.group}=${name}`, runs: members, folded };
      return folded ? [head] : [head, ...members.map((run) => rowOf(run, 1))];
    }),
  ];
}

function groupOf(run: ScreenRun, key: string): string {
  if (key === "state") return stateWord(run.state);
  const value = run.settings[key];
  return value === undefined ? "not set" : String(value);
}

function sortRuns(runs: readonly ScreenRun[], { sort, reversed }: Arrangement, added: Added): readonly ScreenRun[] {
  if (sort === "order") return reversed ? [...runs].reverse() : runs;
  const sign = reversed ? -1 : 1;
  const keyed = runs.map((run, index) => ({ run, index, key: keyOf(run, sort, added) }));
  // Runs without a value come last, in either direction.
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null) return Number(a.key === null) - Number(b.key === null) || a.index - b.index;
    const order =
      typeof a.key === "string" ? a.key.localeCompare(String(b.key), "en", { numeric: true }) : a.key - Number(b.key);
    return sign * order || a.index - b.index;
  });
  return keyed.map(({ run }) => run);
}

/** In the direction that users expect first: the best score, the longest time. */
function keyOf(run: ScreenRun, sort: Exclude<Sort, "order">, added: Added): number | string | null {
  switch (sort) {
    case "score":
      return run.score === null
        ? null
        : run.scoreName !== null && lowerIsBetter(run.scoreName)
          ? run.score
          : -run.score;
    case "loss":
      return run.loss;
    case "epoch":
      return run.epoch === null ? null : -run.epoch;
    case "time":
      return run.seconds === null ? null : -run.seconds;
    case "column": {
      const value = added?.values.get(run.id) ?? null;
      return typeof value !== "number"
        ? value === null
          ? null
          : String(value)
        : added?.better === "higher"
          ? -value
          : value;
    }
    case "label":
      return run.label;
    case "state":
      return run.state;
  }
}
