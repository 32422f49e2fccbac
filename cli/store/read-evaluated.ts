/** Evaluations of trained runs, in the form of runs, so that the same code averages and judges both. */
import { type ComparableRun, comparableRuns } from "./read-comparable.js";
import type { Store } from "./store.js";

interface Row {
  run: string;
  benchmark: string;
  score: number;
  standard_error: number | null;
  rows: number;
  data_hash: string;
  settings_hash: string;
}

/**
 * The finished evaluations under `protocol` of all runs, with the score names `metrics` (by benchmark; others are left
 * out): `task` is the benchmark, `eval_rows` the rows that were scored, `evaluated` what was asked. Of several
 * evaluations of one run on one benchmark, that with the most rows counts, then the newest. Scores of an adapter that the
 * run had before it was trained again do not count.
 */
export function evaluatedRuns(store: Store, protocol: string, metrics: ReadonlyMap<string, string>): ComparableRun[] {
  const rows = store
    .prepare(
      `SELECT l.run, e.benchmark, e.score, e.standard_error, e.rows, e.data_hash, e.settings_hash
       FROM evaluations e JOIN evaluation_runs l ON l.evaluation = e.key
       WHERE e.protocol = ? AND e.state = 'finished' AND NOT EXISTS (
         SELECT 1 FROM v_runs v JOIN artifacts a ON a.attempt = v.attempt_id
         WHERE v.run = l.run AND a.kind = 'adapter' AND a.sha256 <> e.adapter_hash)
       ORDER BY e.rows, e.ended_at, e.key`,
    )
    .all(protocol) as Row[];
  const chosen = new Map(rows.map((row) => [JSON.stringify([row.run, row.benchmark]), row]));
  const tasks = store
    .prepare("SELECT DISTINCT task FROM v_runs WHERE run IN (SELECT run FROM evaluation_runs)")
    .pluck()
    .all() as string[];
  const runs = new Map(comparableRuns(store, tasks).map((run) => [run.id, run]));
  return [...chosen.values()].flatMap((row): ComparableRun[] => {
    const [run, metric] = [runs.get(row.run), metrics.get(row.benchmark)];
    if (run === undefined || metric === undefined) return [];
    const scores = { score_name: metric, best_score: row.score, last_score: row.score };
    const others = { majority_score: null, holdout_best: null, holdout_last: null, eval_rows: row.rows };
    const evaluated = `${row.data_hash} ${row.settings_hash}`;
    const own = { task: row.benchmark, standard_error: row.standard_error, evaluated };
    return [{ ...run, ...scores, ...others, ...own }];
  });
}
