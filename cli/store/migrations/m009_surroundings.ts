/**
 * Variables of a worker's process that can change a number or say which files are read, beside its packages. And the one
 * prediction of a collapsed run, with the share of the evaluation rows that it is right for.
 */
export const m009Surroundings = {
  name: "m009_surroundings",
  sql: `
CREATE TABLE environment_variables (
  environment INTEGER NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (environment, name)
) STRICT, WITHOUT ROWID;

ALTER TABLE attempts ADD COLUMN collapsed_to TEXT;
ALTER TABLE attempts ADD COLUMN collapsed_share REAL;
`,
};
