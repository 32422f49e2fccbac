/** Which runs may be compared: those that are scored alike on the same rows. Pure. */
import type { RunRow } from "../../store/read.js";
import type { RunFacts } from "../../store/read-facts.js";

/** What the scores of a set have in common. */
export interface SetName {
  task: string;
  score_name: string | null;
  eval_rows: number | null;
  numerics: number;
  /** Where the rows come from, of tasks for rows of one's own. */
  own_rows: string | null;
  split_seed: number;
  /** The content of the rows, only where sets differ in nothing else. */
  data: string | null;
}

export interface RunSet extends SetName {
  /** In what it differs from the first set, in words; null for the first. */
  apart: string | null;
  runs: RunRow[];
}

/**
 * Sets in the order of their first runs. Training rows may differ, since that is a choice; evaluation rows may not. The
 * fingerprint of the data is of both, so it tells sets apart only where equal settings gave other rows.
 */
export function comparableSets(runs: readonly RunRow[], facts: ReadonlyMap<string, RunFacts>): RunSet[] {
  const scores = scoreNames(runs);
  const named = runs.map((run) => ({ run, name: nameOf(run, facts.get(run.id), scores) }));
  const sets = new Map<string, RunSet>();
  for (const group of byKey(named, ({ name }) => JSON.stringify({ ...name, data: null })).values()) {
    const moved = contentDiffers(group.map(({ run }) => facts.get(run.id)));
    for (const { run, name } of group) {
      const own: SetName = { ...name, data: moved ? name.data : null };
      const key = JSON.stringify(own);
      const set = sets.get(key) ?? { ...own, apart: null, runs: [] };
      set.runs.push(run);
      sets.set(key, set);
    }
  }
  const order = new Map(runs.map((run, at) => [run, at]));
  const found = [...sets.values()].toSorted((a, b) => place(a, order) - place(b, order));
  const [first] = found;
  return found.map((set) => ({ ...set, apart: first === undefined || set === first ? null : apartFrom(first, set) }));
}

const place = ({ runs: [first] }: RunSet, order: ReadonlyMap<RunRow, number>): number =>
  first === undefined ? 0 : (order.get(first) ?? 0);

function nameOf(run: RunRow, facts: RunFacts | undefined, scores: ReadonlyMap<string, string>): SetName {
  const { task, eval_rows, own_rows } = run;
  return {
    task,
    score_name: run.score_name ?? scores.get(task) ?? null,
    eval_rows,
    numerics: run.numerics,
    own_rows,
    split_seed: facts?.settings.data.split_seed ?? 0,
    data: facts?.fingerprint.data ?? null,
  };
}

/** The score of each task's runs, for runs that have not begun; none where they differ. */
function scoreNames(runs: readonly RunRow[]): Map<string, string> {
  const names = byKey(runs, ({ task }) => task);
  return new Map(
    [...names].flatMap(([task, own]): [string, string][] => {
      const [name, ...more] = new Set(own.flatMap(({ score_name }) => score_name ?? []));
      return name === undefined || more.length > 0 ? [] : [[task, name]];
    }),
  );
}

/** Whether runs with equal settings of their rows had rows of different content. */
function contentDiffers(facts: readonly (RunFacts | undefined)[]): boolean {
  const known = facts.filter((one) => one !== undefined);
  const groups = byKey(known, ({ settings: { data, train } }) =>
    JSON.stringify([{ ...data, path: null }, train.holdout ?? null]),
  );
  return [...groups.values()].some((group) => new Set(group.map(({ fingerprint }) => fingerprint.data)).size > 1);
}

function apartFrom(first: SetName, other: SetName): string {
  const differs = (key: keyof SetName) => first[key] !== other[key];
  const parts = [
    ...(differs("task") ? [`task ${other.task}`] : []),
    ...(differs("score_name") ? [`score ${other.score_name ?? "unknown"}`] : []),
    ...(differs("numerics") ? [`numerics ${other.numerics}, not ${first.numerics}`] : []),
    ...(differs("eval_rows") && !differs("task")
      ? [`${other.eval_rows ?? "unknown"} evaluation rows, not ${first.eval_rows ?? "unknown"}`]
      : []),
    ...(differs("own_rows") && !differs("task") ? [`rows of ${other.own_rows}`] : []),
    ...(differs("split_seed") ? [`rows drawn with data.split_seed ${other.split_seed}, not ${first.split_seed}`] : []),
  ];
  return parts.length > 0 ? parts.join(", ") : "rows of other content";
}

export function byKey<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
