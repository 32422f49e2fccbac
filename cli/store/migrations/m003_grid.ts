/**
 * Grids: what the command line changed in a spec, the combinations that are not trained, and a view of merges by
 * injections.
 */
export const m003Grid = {
  name: "m003_grid",
  sql: `
ALTER TABLE experiments ADD COLUMN sets TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(sets));

CREATE TABLE left_out_cells (
  experiment INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  axis TEXT NOT NULL,
  value ANY,
  reason TEXT NOT NULL,
  PRIMARY KEY (experiment, position, axis)
) STRICT, WITHOUT ROWID;

CREATE VIEW v_grid AS
SELECT
  c.experiment, e.name, c.position, v.run, c.label, v.model, v.task, v.method,
  json_extract(r.settings, '$.method.merges') AS merges,
  json_extract(r.settings, '$.method.injections') AS injections,
  v.seed, v.state, v.score_name, v.best_score, v.best_epoch, v.last_score, v.majority_score,
  (SELECT count(*) FROM changes d WHERE d.attempt = v.attempt_id AND d.kind = 'merge') AS merges_done,
  (SELECT count(*) FROM changes d WHERE d.attempt = v.attempt_id AND d.kind = 'inject') AS injections_done,
  v.trainable_parameters, v.final_trainable_parameters
FROM experiment_cells c
JOIN experiments e ON e.id = c.experiment
JOIN runs r ON r.id = c.run
JOIN v_runs v ON v.run = c.run
WHERE merges IS NOT NULL OR injections IS NOT NULL;
`,
};
