/**
 * What users say about runs: tags, a note, and which run is the baseline that others of the same model, task and rows
 * are compared with. The table `notes` is what the worker says about an attempt.
 */
export const m014Marks = {
  name: "m014_marks",
  sql: `
CREATE TABLE run_tags (
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  tag TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (run, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_tags_tag ON run_tags (tag);

CREATE TABLE run_notes (
  run TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
  text TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE baselines (
  run TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
  at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE VIEW v_tags AS
SELECT t.tag, t.run, r.label, r.model, r.task, r.method, r.seed, t.at
FROM run_tags t JOIN runs r ON r.id = t.run;
`,
};
