/**
 * Scores of benchmarks that a finished run, or an untuned model, got after training: one row per benchmark, protocol,
 * rows and settings, with every scored row. What an experiment's spec says about evaluations is kept for `lor2c retry`.
 */
export const m012Evaluations = {
  name: "m012_evaluations",
  sql: `
CREATE TABLE evaluations (
  key TEXT PRIMARY KEY,
  model TEXT NOT NULL,
  model_hash TEXT NOT NULL,
  adapter_hash TEXT,
  protocol TEXT NOT NULL,
  benchmark TEXT NOT NULL,
  data_hash TEXT NOT NULL,
  settings_hash TEXT NOT NULL,
  settings TEXT NOT NULL CHECK (json_valid(settings)),
  metric TEXT NOT NULL,
  decoding TEXT NOT NULL,
  rows INTEGER NOT NULL,
  all_rows INTEGER NOT NULL,
  shots INTEGER NOT NULL,
  cut_rows INTEGER NOT NULL,
  max_new_tokens INTEGER NOT NULL,
  folder TEXT NOT NULL,
  environment INTEGER REFERENCES environments (id),
  owner_kind TEXT,
  owner TEXT,
  lease_until TEXT,
  begun_at TEXT NOT NULL,
  ended_at TEXT,
  score REAL,
  standard_error REAL,
  seconds REAL,
  prompt_tokens INTEGER,
  new_tokens INTEGER,
  samples_sha256 TEXT,
  message TEXT,
  state TEXT NOT NULL GENERATED ALWAYS AS (
    CASE WHEN score IS NOT NULL THEN 'finished' WHEN message IS NOT NULL THEN 'failed' ELSE 'unfinished' END
  ) VIRTUAL
) STRICT, WITHOUT ROWID;

CREATE TABLE evaluation_runs (
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  evaluation TEXT NOT NULL REFERENCES evaluations (key) ON DELETE CASCADE,
  PRIMARY KEY (run, evaluation)
) STRICT, WITHOUT ROWID;
CREATE INDEX evaluation_runs_evaluation ON evaluation_runs (evaluation);

CREATE TABLE evaluation_tasks (
  evaluation TEXT NOT NULL REFERENCES evaluations (key) ON DELETE CASCADE,
  task TEXT NOT NULL,
  score REAL NOT NULL,
  standard_error REAL,
  rows INTEGER NOT NULL,
  PRIMARY KEY (evaluation, task)
) STRICT, WITHOUT ROWID;

CREATE TABLE evaluation_notes (
  evaluation TEXT NOT NULL REFERENCES evaluations (key) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (evaluation, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE samples (
  evaluation TEXT NOT NULL REFERENCES evaluations (key) ON DELETE CASCADE,
  row TEXT NOT NULL,
  position INTEGER NOT NULL,
  task TEXT NOT NULL,
  prompt_hash TEXT NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  shots INTEGER NOT NULL,
  output TEXT NOT NULL,
  new_tokens INTEGER NOT NULL,
  gold TEXT,
  score REAL NOT NULL,
  right INTEGER NOT NULL GENERATED ALWAYS AS (score >= 1) VIRTUAL,
  detail TEXT,
  PRIMARY KEY (evaluation, row)
) STRICT, WITHOUT ROWID;

ALTER TABLE experiments ADD COLUMN evaluate TEXT;

CREATE VIEW v_evaluations AS
SELECT
  e.key AS evaluation, l.run, r.label, e.model, r.method, r.seed, e.protocol, e.benchmark, e.state,
  e.score, e.standard_error, e.metric, e.rows, e.all_rows, e.shots, e.cut_rows, e.decoding, e.max_new_tokens,
  e.seconds, e.prompt_tokens, e.new_tokens, e.begun_at, e.ended_at, e.message, e.adapter_hash, e.data_hash, e.folder
FROM evaluations e
LEFT JOIN evaluation_runs l ON l.evaluation = e.key
LEFT JOIN runs r ON r.id = l.run;
`,
};
