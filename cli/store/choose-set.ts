import { UsageError } from "../errors.js";
import { chooseRuns } from "./choose.js";
import { fieldIs } from "./filter/filter.js";
import { parseFilter } from "./filter/parse.js";
import { whyEmpty } from "./filter/why-empty.js";
import { listRuns } from "./read-runs.js";
import type { ExperimentRow, RunRow } from "./rows.js";
import type { Store } from "./store.js";

export interface SetRequest {
  /** Runs, and names or numbers of experiments, which mean their runs. Without any, all runs. */
  words?: readonly string[];
  /** Filters (docs/comparing.md); a run has to match all of them. */
  where?: readonly string[] | undefined;
  /** Tags; a run has to have all of them. */
  tag?: readonly string[] | undefined;
  /** Columns that must have these values, from options such as `--task`. */
  fields?: Partial<Record<"state" | "task" | "method", string | undefined>>;
  sort?: string | undefined;
  limit?: number | undefined;
  epoch?: number | undefined;
  /** No runs: an empty list instead of an error. */
  mayBeEmpty?: boolean;
}

export interface ChosenSet {
  /** The experiment, if the words name one and nothing else. */
  experiment: ExperimentRow | null;
  /** Older experiments of its name, if that was given. */
  namesakes: ExperimentRow[];
  /** In the order of the words, an experiment's in the order of its spec; without words, newest first. */
  runs: RunRow[];
  /** What was asked for, for people: `mrpc-grid, where task = mrpc`. */
  said: string;
  /** Why there are no runs, for people. */
  none: string;
}

/** The runs that a user means. Throws UsageError when a word or a filter means nothing, or no run is left. */
export function chooseSet(store: Store, request: SetRequest): ChosenSet {
  const { words = [], where = [], tag = [], fields = {}, mayBeEmpty = false, ...list } = request;
  const filters = [
    ...where.map((text) => parseFilter(text)),
    ...tag.map((one) => fieldIs("tag", one)),
    ...Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : fieldIs(name, value))),
  ];
  const chosen = words.map((word) => chooseRuns(store, word));
  const [only] = chosen.length === 1 ? chosen : [];
  const named = words.length === 0 ? undefined : [...new Set(chosen.flatMap(({ runs }) => runs))];
  const runs = listRuns(store, { ...list, where: filters, runs: named });
  const conditions = filters.map(({ source }) => source.text).join(" and ");
  const said = saidOf(words.join(" "), conditions);
  const none = runs.length > 0 ? [] : [`there are no such runs: ${said}`, ...whyEmpty(store, filters)];
  if (runs.length === 0 && !mayBeEmpty) {
    throw new UsageError("NO_RUNS", none[0] ?? "", [...none.slice(1), "lor2c ls lists the runs"].join("\n"));
  }
  return {
    experiment: only?.experiment ?? null,
    namesakes: only?.namesakes ?? [],
    runs,
    said,
    none: none.join("\n"),
  };
}

/** `mrpc-grid, where seed = 1`, `runs where seed = 1`, `all runs`. */
function saidOf(words: string, conditions: string): string {
  if (conditions === "") return words || "all runs";
  return words === "" ? `runs where ${conditions}` : `${words}, where ${conditions}`;
}
