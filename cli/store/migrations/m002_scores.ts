/**
 * Which score a run reports: the rows that chose its epoch, the best score whichever rows chose, the score of an epoch
 * fixed beforehand, and whether all predictions are alike. Also the ranks that a method moves between its modules.
 */
export const m002Scores = {
  name: "m002_scores",
  sql: `
ALTER TABLE attempts ADD COLUMN chosen_on TEXT CHECK (chosen_on IN ('eval', 'holdout'));
ALTER TABLE attempts ADD COLUMN chosen_score REAL;
ALTER TABLE attempts ADD COLUMN eval_best_score REAL;
ALTER TABLE attempts ADD COLUMN eval_best_epoch INTEGER;
ALTER TABLE attempts ADD COLUMN collapsed INTEGER CHECK (collapsed IN (0, 1));
ALTER TABLE runs ADD COLUMN report_epoch INTEGER;

UPDATE attempts SET chosen_on = 'eval', chosen_score = best_score, eval_best_score = best_score,
                    eval_best_epoch = best_epoch
WHERE outcome = 'finished';

CREATE TABLE ranks (
  attempt INTEGER NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
  module TEXT NOT NULL,
  step INTEGER NOT NULL,
  epoch REAL NOT NULL,
  rank INTEGER NOT NULL,
  PRIMARY KEY (attempt, module, step)
) STRICT, WITHOUT ROWID;

DROP VIEW v_runs;
CREATE VIEW v_runs AS
SELECT
  r.id AS run, r.label, r.model, r.task, r.method, r.seed,
  coalesce(a.state, 'planned') AS state,
  a.score_name, a.best_score, a.best_epoch, a.last_score, a.majority_score,
  coalesce(a.trainable_parameters, r.trainable_parameters) AS trainable_parameters,
  coalesce(a.final_trainable_parameters, a.trainable_parameters, r.trainable_parameters) AS final_trainable_parameters,
  coalesce(a.head_parameters, r.head_parameters) AS head_parameters,
  coalesce(a.total_parameters, r.total_parameters) AS total_parameters,
  coalesce(a.train_rows, r.train_rows) AS train_rows,
  coalesce(a.eval_rows, r.eval_rows) AS eval_rows,
  coalesce(a.total_steps, r.total_steps) AS total_steps,
  a.num_epochs, a.train_seconds, a.total_seconds, a.train_tokens, a.tokens_per_second, a.peak_memory,
  a.started_at, a.ended_at, a.error_type, a.message,
  r.learning_rate, r.batch_size, r.precision, r.max_length, r.created_at,
  a.number AS attempt, a.id AS attempt_id, a.folder, a.environment,
  (SELECT count(*) FROM attempts n WHERE n.run = r.id) AS attempts,
  (SELECT max(n.number) FROM attempts n WHERE n.run = r.id AND n.outcome IS NULL) AS running_attempt,
  a.chosen_on, a.chosen_score, a.eval_best_score, a.eval_best_epoch,
  CASE a.chosen_on WHEN 'holdout' THEN a.eval_best_score - a.best_score END AS optimism,
  a.collapsed, r.report_epoch,
  (SELECT m.value FROM metrics m
   WHERE m.attempt = a.id AND m.split = 'eval' AND m.name = a.score_name AND m.epoch = r.report_epoch
   LIMIT 1) AS fixed_score
FROM runs r
LEFT JOIN attempts a ON a.id = (
  SELECT c.id FROM attempts c WHERE c.run = r.id ORDER BY c.outcome IS 'finished' DESC, c.number DESC LIMIT 1
);
`,
};
