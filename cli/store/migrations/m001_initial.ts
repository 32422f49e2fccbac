/**
 * The first schema. Never edited after a release: a later change is a new file in this folder.
 * Every table and column is described in docs/database.md; a test compares the two.
 */
export const m001Initial = {
  name: "m001_initial",
  sql: `
CREATE TABLE experiments (
  id INTEGER PRIMARY KEY,
  identity TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  spec_file TEXT,
  spec_text TEXT NOT NULL,
  created_at TEXT NOT NULL,
  last_run_at TEXT NOT NULL
) STRICT;

CREATE TABLE runs (
  id TEXT PRIMARY KEY,
  label TEXT NOT NULL,
  model TEXT NOT NULL,
  model_revision TEXT,
  task TEXT NOT NULL,
  method TEXT NOT NULL,
  seed INTEGER NOT NULL,
  split_seed INTEGER,
  num_train_epochs REAL,
  max_steps INTEGER,
  batch_size INTEGER,
  gradient_accumulation_steps INTEGER,
  learning_rate REAL,
  head_learning_rate REAL,
  warmup_ratio REAL,
  weight_decay REAL,
  max_length INTEGER,
  precision TEXT,
  trainable_parameters INTEGER,
  head_parameters INTEGER,
  total_parameters INTEGER,
  train_rows INTEGER,
  eval_rows INTEGER,
  total_steps INTEGER,
  settings TEXT NOT NULL CHECK (json_valid(settings)),
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE run_fingerprints (
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE experiment_cells (
  experiment INTEGER NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  label TEXT NOT NULL,
  PRIMARY KEY (experiment, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX experiment_cells_run ON experiment_cells (run);

CREATE TABLE cell_axes (
  experiment INTEGER NOT NULL,
  position INTEGER NOT NULL,
  axis TEXT NOT NULL,
  value ANY,
  PRIMARY KEY (experiment, position, axis),
  FOREIGN KEY (experiment, position) REFERENCES experiment_cells (experiment, position) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE environments (
  id INTEGER PRIMARY KEY,
  identity TEXT NOT NULL UNIQUE,
  worker_version TEXT NOT NULL,
  protocol INTEGER NOT NULL,
  python TEXT NOT NULL,
  platform TEXT NOT NULL,
  device TEXT NOT NULL,
  device_description TEXT NOT NULL,
  device_memory INTEGER NOT NULL,
  device_bf16 INTEGER NOT NULL CHECK (device_bf16 IN (0, 1)),
  git_commit TEXT,
  git_dirty INTEGER CHECK (git_dirty IN (0, 1)),
  first_seen_at TEXT NOT NULL
) STRICT;

CREATE TABLE environment_packages (
  environment INTEGER NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  PRIMARY KEY (environment, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
  id INTEGER PRIMARY KEY,
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  outcome TEXT CHECK (outcome IN ('finished', 'failed', 'out_of_memory', 'stopped', 'lost')),
  state TEXT NOT NULL GENERATED ALWAYS AS (coalesce(outcome, 'running')) VIRTUAL,
  started_at TEXT NOT NULL,
  ended_at TEXT,
  runner_pid INTEGER NOT NULL,
  runner_started TEXT NOT NULL,
  host TEXT NOT NULL,
  heartbeat_at TEXT NOT NULL,
  lease_until TEXT NOT NULL,
  folder TEXT NOT NULL,
  environment INTEGER REFERENCES environments (id),
  last_seq INTEGER NOT NULL DEFAULT -1,
  trainable_parameters INTEGER,
  head_parameters INTEGER,
  total_parameters INTEGER,
  final_trainable_parameters INTEGER,
  train_rows INTEGER,
  eval_rows INTEGER,
  total_steps INTEGER,
  num_epochs INTEGER,
  initial_weights TEXT,
  score_name TEXT,
  best_score REAL,
  best_epoch INTEGER,
  last_score REAL,
  majority_score REAL,
  train_seconds REAL,
  total_seconds REAL,
  train_tokens INTEGER,
  tokens_per_second REAL GENERATED ALWAYS AS (train_tokens / nullif(train_seconds, 0)) VIRTUAL,
  peak_memory INTEGER,
  stopped_at_step INTEGER,
  error_type TEXT,
  message TEXT,
  traceback TEXT,
  UNIQUE (run, number)
) STRICT;
CREATE INDEX attempts_started ON attempts (started_at);
CREATE INDEX attempts_running ON attempts (run) WHERE outcome IS NULL;
CREATE INDEX attempts_environment ON attempts (environment);

CREATE TABLE notes (
  attempt INTEGER NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (attempt, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE metrics (
  attempt INTEGER NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
  split TEXT NOT NULL,
  name TEXT NOT NULL,
  step INTEGER NOT NULL,
  epoch REAL NOT NULL,
  value REAL,
  diverged INTEGER NOT NULL DEFAULT 0 CHECK (diverged IN (0, 1)),
  PRIMARY KEY (attempt, split, name, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE changes (
  attempt INTEGER NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL,
  step INTEGER NOT NULL,
  epoch REAL NOT NULL,
  span_start INTEGER NOT NULL,
  span_end INTEGER NOT NULL,
  source INTEGER NOT NULL,
  score REAL,
  margin REAL,
  scores_from_epoch REAL NOT NULL,
  trainable_parameters INTEGER NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (attempt, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE module_scores (
  attempt INTEGER NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
  score_name TEXT NOT NULL,
  step INTEGER NOT NULL,
  epoch REAL NOT NULL,
  span_start INTEGER NOT NULL,
  span_end INTEGER NOT NULL,
  kind TEXT NOT NULL,
  score REAL,
  trainable_parameters INTEGER NOT NULL,
  PRIMARY KEY (attempt, score_name, step, span_start, span_end, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE artifacts (
  attempt INTEGER NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
  path TEXT NOT NULL,
  kind TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY (attempt, path)
) STRICT, WITHOUT ROWID;

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
  (SELECT max(n.number) FROM attempts n WHERE n.run = r.id AND n.outcome IS NULL) AS running_attempt
FROM runs r
LEFT JOIN attempts a ON a.id = (
  SELECT c.id FROM attempts c WHERE c.run = r.id ORDER BY c.outcome IS 'finished' DESC, c.number DESC LIMIT 1
);

CREATE VIEW v_best AS
SELECT
  model, task, method, score_name, train_rows, eval_rows,
  runs, seeds, mean_best_score, run, label, seed, best_score, best_epoch, last_score, majority_score,
  trainable_parameters, final_trainable_parameters, train_seconds, tokens_per_second, peak_memory, ended_at
FROM (
  SELECT d.*,
    row_number() OVER (PARTITION BY model, task, method, score_name, train_rows, eval_rows
                       ORDER BY best_score DESC, run) AS place,
    count(*) OVER same AS runs,
    max(seed_place) OVER same AS seeds,
    avg(best_score) OVER same AS mean_best_score
  FROM (
    SELECT *, dense_rank() OVER (PARTITION BY model, task, method, score_name, train_rows, eval_rows
                                 ORDER BY seed) AS seed_place
    FROM v_runs WHERE state = 'finished'
  ) d
  WINDOW same AS (PARTITION BY model, task, method, score_name, train_rows, eval_rows)
) WHERE place = 1;

CREATE VIEW v_metrics AS
SELECT v.run, v.label, v.attempt, m.split, m.name, m.step, m.epoch, m.value, m.diverged
FROM v_runs v JOIN metrics m ON m.attempt = v.attempt_id;

CREATE VIEW v_settings AS
SELECT r.id AS run, replace(substr(t.fullkey, 3), '"', '') AS key, t.atom AS value, t.type
FROM runs r, json_tree(r.settings) t WHERE t.type NOT IN ('object', 'array');
`,
};
