/**
 * What goes on right now, for other terminals. A job writes it about every two seconds and removes it at its end. Nothing
 * refers to it. Rows of an attempt that has ended, or of a dead process, mean nothing.
 */
export const m025Live = {
  name: "m025_live",
  sql: `
CREATE TABLE live_attempts (
  attempt INTEGER PRIMARY KEY REFERENCES attempts (id) ON DELETE CASCADE,
  lane INTEGER NOT NULL,
  phase TEXT NOT NULL CHECK (phase IN ('load', 'train', 'evaluate', 'save')),
  step INTEGER NOT NULL,
  total_steps INTEGER NOT NULL,
  epoch REAL,
  loss REAL,
  tokens_per_second REAL,
  seconds_left REAL,
  at TEXT NOT NULL
) STRICT;

CREATE TABLE live_jobs (
  experiment INTEGER NOT NULL,
  owner_kind TEXT NOT NULL,
  owner TEXT NOT NULL,
  fraction REAL NOT NULL,
  seconds_left REAL,
  at TEXT NOT NULL,
  PRIMARY KEY (experiment, owner_kind, owner)
) STRICT;

CREATE TABLE live_devices (
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  device TEXT NOT NULL,
  description TEXT NOT NULL,
  uuid TEXT,
  memory_used INTEGER,
  memory_total INTEGER,
  utilization REAL,
  temperature REAL,
  power REAL,
  cpu_share REAL NOT NULL,
  owner_kind TEXT NOT NULL,
  owner TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (host, pid)
) STRICT;
`,
};
