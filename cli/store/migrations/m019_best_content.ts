/**
 * `v_best` compares runs on rows of equal content. Equal numbers of rows are not enough: another `data.split_seed`, or a
 * table that was changed, gives other rows.
 */
export const m019BestContent = {
  name: "m019_best_content",
  sql: `
DROP VIEW v_best;

CREATE VIEW v_best AS
SELECT
  model, task, method, score_name, train_rows, eval_rows,
  runs, seeds, mean_best_score, run, label, seed, best_score, best_epoch, last_score, majority_score,
  trainable_parameters, final_trainable_parameters, train_seconds, tokens_per_second, peak_memory, ended_at, numerics,
  own_rows, data
FROM (
  SELECT d.*,
    row_number() OVER (PARTITION BY model, task, method, score_name, train_rows, eval_rows, numerics, own_rows, data
                       ORDER BY CASE WHEN score_name IN ('mse', 'mae', 'loss', 'perplexity') THEN -best_score ELSE best_score END DESC, run
                      ) AS place,
    count(*) OVER same AS runs,
    max(seed_place) OVER same AS seeds,
    avg(best_score) OVER same AS mean_best_score
  FROM (
    SELECT *, dense_rank() OVER (PARTITION BY model, task, method, score_name, train_rows, eval_rows, numerics, own_rows, data
                                 ORDER BY seed) AS seed_place
    FROM (
      SELECT v.*, (SELECT f.value FROM run_fingerprints f WHERE f.run = v.run AND f.name = 'data') AS data
      FROM v_runs v WHERE v.state = 'finished'
    )
  ) d
  WINDOW same AS (PARTITION BY model, task, method, score_name, train_rows, eval_rows, numerics, own_rows, data)
) WHERE place = 1;
`,
};
