/**
 * What computed a run besides packages and variables (processor, instruction set, threads, CUDA, driver, determinism),
 * what differed from the commit of its working folder, and a hash of the order of its rows.
 */
export const m017Reproduction = {
  name: "m017_reproduction",
  sql: `
CREATE TABLE environment_computing (
  environment INTEGER NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (environment, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE git_diffs (
  sha256 TEXT PRIMARY KEY,
  bytes INTEGER NOT NULL,
  text TEXT
) STRICT, WITHOUT ROWID;

ALTER TABLE environments ADD COLUMN git_diff TEXT REFERENCES git_diffs (sha256);
ALTER TABLE attempts ADD COLUMN batch_order TEXT;
`,
};
