import { chooseSet, experimentOf, findRun, type Watched } from "../../store/read.js";

import type { Store } from "../../store/store.js";

/** The word for all stored runs. */
const ALL = "@all";

export interface Shown {
  title: string;
  experiment: number | null;
  watched: Watched;
}

/**
 * What the words of a user mean: an experiment, a run, several of both, or `@all`. Without a word, the experiment of the
 * newest run, because whoever has just started one wants to see all of it. Throws UsageError when a word means nothing.
 */
export function choose(store: Store, words: readonly string[]): Shown {
  if (words.length === 0) return newest(store);
  if (words.length === 1 && words[0] === ALL) return { title: "all runs", experiment: null, watched: "all" };
  const { experiment, runs, said } = chooseSet(store, { words });
  if (experiment) {
    return { title: experiment.name, experiment: experiment.id, watched: { experiment: experiment.id } };
  }
  const [only] = runs;
  return {
    title: runs.length === 1 && only ? only.label : said,
    experiment: null,
    watched: { runs: runs.map(({ id }) => id) },
  };
}

function newest(store: Store): Shown {
  const run = findRun(store, "@last");
  const experiment = experimentOf(store, run.id);
  return experiment && experiment.runs > 1
    ? { title: experiment.name, experiment: experiment.id, watched: { experiment: experiment.id } }
    : { title: run.label, experiment: null, watched: { runs: [run.id] } };
}
