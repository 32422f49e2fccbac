/**
 * What an attempt used, as its worker measured it: memory and utilisation of the training that it was part of, and its
 * share of that training's CPU time and energy. `attempts.peak_memory` was there before.
 */
export const m020Usage = {
  name: "m020_usage",
  sql: `
ALTER TABLE attempts ADD COLUMN mean_memory INTEGER;
ALTER TABLE attempts ADD COLUMN p99_memory INTEGER;
ALTER TABLE attempts ADD COLUMN mean_utilization REAL;
ALTER TABLE attempts ADD COLUMN max_utilization REAL;
ALTER TABLE attempts ADD COLUMN cpu_seconds REAL;
ALTER TABLE attempts ADD COLUMN energy REAL;
ALTER TABLE attempts ADD COLUMN usage_seconds REAL;
ALTER TABLE bundles ADD COLUMN energy REAL;

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
  CASE a.chosen_on WHEN 'holdout' THEN
    CASE WHEN a.score_name IN ('mse', 'mae', 'loss', 'perplexity') THEN a.best_score - a.eval_best_score
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
  WHEN r.task IN ('alpaca', 'instruct') THEN
    coalesce(json_extract(r.settings, '$.data.path'), json_extract(r.settings, '$.data.hub'), '')
    || coalesce(' ' || json_extract(r.settings, '$.data.config'), '')
    || coalesce(' ' || json_extract(r.settings, '$.data.template'), '')
    || ' ' || coalesce(json_extract(r.settings, '$.data.train_on'), 'response') || ' ' || r.max_length
  END AS own_rows,
  a.mean_memory, a.p99_memory, a.mean_utilization, a.max_utilization, a.cpu_seconds, a.energy, a.usage_seconds
FROM runs r
LEFT JOIN attempts a ON a.id = (
  SELECT c.id FROM attempts c WHERE c.run = r.id ORDER BY c.outcome IS 'finished' DESC, c.number DESC LIMIT 1
);
`,
};
