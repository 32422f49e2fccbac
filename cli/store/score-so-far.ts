import { LOWER_IS_BETTER } from "./score-direction.js";
import type { Store } from "./store.js";

/** The best score of an attempt that has not finished, and the epoch after which it was measured. */
export interface ScoreSoFar {
  score: number;
  epoch: number;
}

/**
 * The step with the best score until now, of an attempt whose id and name of the score are these SQL expressions. Held-out
 * rows choose it where there are any, as in the worker.
 */
export const bestStepSoFar = (attempt: string, scoreName: string): string => `(
  SELECT iif(${scoreName} IN (${LOWER_IS_BETTER.map((name) => `'${name}'`).join(", ")}), s.lowest_step, s.highest_step)
  FROM metric_summaries s
  WHERE s.attempt = ${attempt} AND s.name = ${scoreName} AND s.split IN ('eval', 'holdout')
  ORDER BY s.split DESC LIMIT 1)`;

/** By attempt; attempts that have finished, or measured nothing yet, are left out. */
export function scoresSoFar(store: Store, attempts: readonly number[]): Map<number, ScoreSoFar> {
  const rows = store
    .prepare(
      `SELECT a.id, m.value AS score, m.epoch FROM attempts a
       JOIN metrics m ON m.attempt = a.id AND m.split = 'eval' AND m.name = a.score_name
         AND m.step = ${bestStepSoFar("a.id", "a.score_name")}
       WHERE a.id IN (SELECT value FROM json_each(?)) AND a.best_score IS NULL AND m.value IS NOT NULL`,
    )
    .all(JSON.stringify(attempts)) as (ScoreSoFar & { id: number })[];
  return new Map(rows.map(({ id, score, epoch }) => [id, { score, epoch }]));
}
