/**
 * The loss of a language model and its perplexity are better when smaller. They are compared only where the texts come from
 * one place, become prompts in one way, are cut at one length, and the same part of them counts.
 */
export const m013Losses = {
  name: "m013_losses",
  sql: `
DROP VIEW v_best;
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
                       ORDER BY CASE WHEN score_name IN ('mse', 'mae', 'loss', 'perplexity') THEN -best_score ELSE best_score END DESC, run
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
`,
};
