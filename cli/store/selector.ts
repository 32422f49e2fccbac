import { UsageError } from "../errors.js";
import { getRun, runsByPrefix } from "./read-runs.js";
import type { RunRow } from "./rows.js";
import { lowerIsBetter } from "./score-direction.js";
import { SELECTORS } from "./selector-words.js";
import type { Store } from "./store.js";
import { isTrashed } from "./trash/list.js";

/** A shorter prefix would soon match several runs as the database grows. */
const SHORTEST_PREFIX = 4;

/**
 * The run that `selector` means. Throws UsageError if there is none, or more than one.
 * `@best` compares runs of one task, numerics and the same rows only: those of the newest finished run.
 */
export function findRun(store: Store, selector: string): RunRow {
  if (selector.startsWith("@")) return findNamed(store, selector);
  const id = selector.toLowerCase();
  if (!/^[0-9a-f]+$/.test(id))
    throw notFound(`${selector} is not a run${labelled(store, selector)}`, `a run is ${SELECTORS}`);
  const exact = getRun(store, id);
  if (exact) return exact;
  if (id.length < SHORTEST_PREFIX)
    throw notFound(`${selector} is too short`, `give at least ${SHORTEST_PREFIX} characters`);
  const found = runsByPrefix(store, id, 6);
  if (found.length === 1 && found[0]) return found[0];
  if (found.length === 0) throw isTrashed(store, id) ? inTrash(selector) : notFound(`there is no run ${selector}`);
  const lines = found.slice(0, 5).map((run) => `    ${run.id}  ${run.state}  ${run.label}`);
  throw new UsageError(
    "RUN_AMBIGUOUS",
    `${selector} means more than one run:\n${lines.join("\n")}${found.length > 5 ? "\n    ..." : ""}`,
    "give more characters",
  );
}

/** Lists runs whose label contains this text: the user may have meant one of them. */
function labelled(store: Store, text: string): string {
  const runs = store
    .prepare(
      `SELECT run, state, label FROM v_runs WHERE instr(lower(label), lower(?)) > 0
       ORDER BY coalesce(started_at, created_at) DESC LIMIT 6`,
    )
    .all(text) as { run: string; state: string; label: string }[];
  if (runs.length === 0) return "";
  const lines = runs.slice(0, 5).map(({ run, state, label }) => `    ${run}  ${state}  ${label}`);
  return `; these have it in their label:\n${lines.join("\n")}${runs.length > 5 ? "\n    ..." : ""}`;
}

function findNamed(store: Store, selector: string): RunRow {
  if (selector === "@last") return latest(store, "1", "there is no run yet");
  if (selector === "@failed") {
    return latest(store, "state IN ('failed', 'out_of_memory', 'lost')", "no run has failed");
  }
  if (selector === "@best") return best(store, null);
  const metric = /^@best:(.+)$/.exec(selector)?.[1];
  if (metric !== undefined) return best(store, metric);
  throw notFound(`${selector} is not a selector`, `a run is ${SELECTORS}`);
}

function latest(store: Store, condition: string, nothing: string): RunRow {
  const row = store
    .prepare(
      `SELECT run FROM v_runs WHERE ${condition}
       ORDER BY started_at IS NULL, coalesce(started_at, created_at) DESC, attempt_id DESC LIMIT 1`,
    )
    .pluck()
    .get() as string | undefined;
  const run = row === undefined ? undefined : getRun(store, row);
  if (!run) throw notFound(nothing);
  return run;
}

function best(store: Store, metric: string | null): RunRow {
  const newest = latest(store, "state = 'finished'", "no run is finished");
  const row = metric === null ? bestByScore(store, newest) : bestByMetric(store, newest, metric);
  if (!row) {
    const names = store
      .prepare("SELECT DISTINCT name FROM metrics WHERE attempt = ? AND split = 'eval' ORDER BY name")
      .pluck()
      .all(newest.attempt_id) as string[];
    throw notFound(
      `no finished run of ${newest.task} on the rows of the newest one has ${metric ?? newest.score_name}`,
      `it has: ${names.join(", ")}`,
    );
  }
  return row;
}

/**
 * Runs whose scores may stand beside that of run `@like`: the same task, training and evaluation rows, also by their
 * content, and the same numerics. Runs from before contents were stored lack the fingerprint. The loss of a language
 * model is per token, so it says something only beside that of the same model.
 */
const ON_THE_SAME_ROWS = `v.state = 'finished'
  AND (v.task, v.numerics) = (l.task, l.numerics) AND v.own_rows IS l.own_rows
  AND (coalesce(l.score_name, '') NOT IN ('loss', 'perplexity') OR v.model = l.model)
  AND v.train_rows IS l.train_rows AND v.eval_rows IS l.eval_rows
  AND (SELECT f.value FROM run_fingerprints f WHERE f.run = v.run AND f.name = 'data')
   IS (SELECT f.value FROM run_fingerprints f WHERE f.run = l.run AND f.name = 'data')`;

function bestByScore(store: Store, like: RunRow): RunRow | undefined {
  const id = store
    .prepare(
      `SELECT v.run FROM v_runs v JOIN v_runs l ON l.run = @like
       WHERE ${ON_THE_SAME_ROWS} AND v.score_name IS l.score_name AND v.best_score IS NOT NULL
       ORDER BY v.best_score ${lowerIsBetter(like.score_name ?? "") ? "ASC" : "DESC"}, v.started_at DESC LIMIT 1`,
    )
    .pluck()
    .get({ like: like.id }) as string | undefined;
  return id === undefined ? undefined : getRun(store, id);
}

function bestByMetric(store: Store, like: RunRow, metric: string): RunRow | undefined {
  const order = lowerIsBetter(metric) ? "m.lowest ASC" : "m.highest DESC";
  const id = store
    .prepare(
      `SELECT v.run FROM v_runs v JOIN v_runs l ON l.run = @like
       JOIN metric_summaries m ON m.attempt = v.attempt_id AND m.split = 'eval' AND m.name = @metric
       WHERE ${ON_THE_SAME_ROWS} AND m.measured > 0
       ORDER BY ${order}, v.started_at DESC LIMIT 1`,
    )
    .pluck()
    .get({ like: like.id, metric }) as string | undefined;
  return id === undefined ? undefined : getRun(store, id);
}

const inTrash = (selector: string): UsageError =>
  new UsageError("RUN_IN_TRASH", `run ${selector} is in the trash`, `lor2c restore ${selector} brings it back`);

function notFound(message: string, hint = "lor2c ls lists the runs"): UsageError {
  return new UsageError("RUN_NOT_FOUND", message, hint);
}
