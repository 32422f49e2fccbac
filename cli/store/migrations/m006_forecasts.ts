/** The cost of each run as it was forecast when it was planned, and the disk space that it used. */
export const m006Forecasts = {
  name: "m006_forecasts",
  sql: `
CREATE TABLE forecasts (
  run TEXT PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
  made_at TEXT NOT NULL,
  seconds REAL NOT NULL,
  seconds_low REAL NOT NULL,
  seconds_high REAL NOT NULL,
  seconds_basis TEXT NOT NULL CHECK (seconds_basis IN ('alike', 'model', 'device', 'rule')),
  seconds_trainings INTEGER NOT NULL,
  disk_bytes INTEGER NOT NULL,
  memory INTEGER NOT NULL,
  memory_low INTEGER NOT NULL,
  memory_high INTEGER NOT NULL,
  memory_basis TEXT NOT NULL CHECK (memory_basis IN ('alike', 'model', 'device', 'rule')),
  memory_trainings INTEGER NOT NULL,
  train_work REAL NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE attempts ADD COLUMN disk_bytes INTEGER;
`,
};
