/** The training losses of a stored run, for a sparkline. */
import { lossesAfter } from "../../store/read.js";
import type { Store } from "../../store/store.js";

/** The most values; twice the width of a wide terminal is enough. */
const MOST = 512;

/** What was read of an attempt. The next reading goes on from there, since a long training has very many. */
export interface ReadLosses {
  attempt: number;
  step: number;
  all: readonly (number | null)[];
  thinned: readonly (number | null)[];
}

export function readLosses(store: Store, attempt: number, before: ReadLosses | undefined): ReadLosses {
  const known = before?.attempt === attempt ? before : { attempt, step: -1, all: [], thinned: [] };
  const rows = lossesAfter(store, attempt, known.step);
  if (rows.length === 0) return known;
  const all = [...known.all, ...rows.map(({ value }) => value)];
  return { attempt, step: rows.at(-1)?.step ?? known.step, all, thinned: thin(all) };
}

/** Means of as many neighbours as it takes. Null if one of them is not finite. */
function thin(values: readonly (number | null)[]): readonly (number | null)[] {
  const each = Math.ceil(values.length / MOST);
  if (each <= 1) return values;
  return Array.from({ length: Math.ceil(values.length / each) }, (_, at) => {
    const part = values.slice(at * each, (at + 1) * each);
    return part.reduce((sum, value) => (sum === null || value === null ? null : sum + value / part.length), 0);
  });
}
