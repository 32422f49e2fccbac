/**
 * With `train.eval_steps` evaluations fall within epochs, so the best epoch is a real number. A column's type cannot be
 * changed in place, and the views that read it are made again around the change; they have the same columns as before.
 */
export const m011RealEpochs = {
  name: "m011_real_epochs",
  sql: `
DROP VIEW v_grid;
DROP VIEW v_metrics;
DROP VIEW v_best;
DROP VIEW v_runs;

ALTER TABLE attempts ADD COLUMN real_best_epoch REAL;
ALTER TABLE attempts ADD COLUMN real_eval_best_epoch REAL;
UPDATE attempts SET real_best_epoch = best_epoch, real_eval_best_epoch = eval_best_epoch;
ALTER TABLE attempts DROP COLUMN best_epoch;
ALTER TABLE attempts DROP COLUMN eval_best_epoch;
ALTER TABLE attempts RENAME COLUMN real_best_epoch TO best_epoch;
ALTER TABLE attempts RENAME COLUMN real_eval_best_epoch TO eval_best_epoch;

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
  CASE a.chosen_on WHEN 'holdout' THEN
    CASE WHEN a.score_name IN ('mse', 'mae') THEN a.best_score - a.eval_best_score
    ELSE a.eval_best_score - a.best_score END
  END AS optimism,
  a.collapsed, r.report_epoch,
  (SELECT m.value FROM metrics m
   WHERE m.attempt = a.id AND m.split = 'eval' AND m.name = a.score_name AND m.epoch = r.report_epoch
   LIMIT 1) AS fixed_score,
  coalesce(
    a.numerics,
    (SELECT CAST(f.value AS INTEGER) FROM run_fingerprints f WHERE f.run = r.id AND f.name = 'numerics'),
    1
  ) AS numerics,
  CASE WHEN r.task IN ('classify', 'regress') THEN
    coalesce(json_extract(r.settings, '$.data.path'), json_extract(r.settings, '$.data.hub'), '')
    || coalesce(' ' || json_extract(r.settings, '$.data.config'), '')
    || coalesce(' ' || json_extract(r.settings, '$.data.columns.label'), '')
  END AS own_rows
FROM runs r
LEFT JOIN attempts a ON a.id = (
  SELECT c.id FROM attempts c WHERE c.run = r.id ORDER BY c.outcome IS 'finished' DESC, c.number DESC LIMIT 1
);

CREATE VIEW v_best AS
SELECT
  model, task, method, score_name, train_rows, eval_rows,
  runs, seeds, mean_best_score, run, label, seed, best_score, best_epoch, last_score, majority_score,
  trainable_parameters, final_trainable_parameters, train_seconds, tokens_per_second, peak_memory, ended_at, numerics,
  own_rows
FROM (
  SELECT d.*,
    row_number() OVER (PARTITION BY model, task, method, score_name, train_rows, eval_rows, numerics, own_rows
                       ORDER BY CASE WHEN score_name IN ('mse', 'mae') THEN -best_score ELSE best_score END DESC, run
                      ) AS place,
    count(*) OVER same AS runs,
    max(seed_place) OVER same AS seeds,
    avg(best_score) OVER same AS mean_best_score
  FROM (
    SELECT *, dense_rank() OVER (PARTITION BY model, task, method, score_name, train_rows, eval_rows, numerics, own_rows
                                 ORDER BY seed) AS seed_place
    FROM v_runs WHERE state = 'finished'
  ) d
  WINDOW same AS (PARTITION BY model, task, method, score_name, train_rows, eval_rows, numerics, own_rows)
) WHERE place = 1;

CREATE VIEW v_grid AS
SELECT
  c.experiment, e.name, c.position, v.run, c.label, v.model, v.task, v.method,
  json_extract(r.settings, '$.method.merges') AS merges,
  json_extract(r.settings, '$.method.injections') AS injections,
  v.seed, v.state, v.score_name, v.best_score, v.best_epoch, v.last_score, v.majority_score,
  (SELECT count(*) FROM changes d WHERE d.attempt = v.attempt_id AND d.kind = 'merge') AS merges_done,
  (SELECT count(*) FROM changes d WHERE d.attempt = v.attempt_id AND d.kind = 'inject') AS injections_done,
  v.trainable_parameters, v.final_trainable_parameters, v.numerics
FROM experiment_cells c
JOIN experiments e ON e.id = c.experiment
JOIN runs r ON r.id = c.run
JOIN v_runs v ON v.run = c.run
WHERE merges IS NOT NULL OR injections IS NOT NULL;

CREATE VIEW v_metrics AS
SELECT v.run, v.label, v.attempt, m.split, m.name, m.step, m.epoch, m.value, m.diverged
FROM v_runs v JOIN metrics m ON m.attempt = v.attempt_id;
`,
};
