/** The cost of runs that were trained together. */
export const m004Bundles = {
  name: "m004_bundles",
  sql: `
CREATE TABLE bundles (
  id INTEGER PRIMARY KEY,
  lane_epochs REAL NOT NULL,
  cell_epochs REAL NOT NULL,
  lanes INTEGER NOT NULL,
  lane_width INTEGER NOT NULL,
  forks INTEGER NOT NULL,
  longest_fork_seconds REAL NOT NULL,
  train_seconds REAL NOT NULL,
  evaluate_seconds REAL NOT NULL,
  cpu_seconds REAL NOT NULL,
  peak_memory INTEGER NOT NULL,
  trained_at TEXT NOT NULL
) STRICT;

ALTER TABLE attempts ADD COLUMN bundle INTEGER REFERENCES bundles (id);
ALTER TABLE attempts ADD COLUMN resumed_step INTEGER;
CREATE INDEX attempts_bundle ON attempts (bundle);
`,
};
