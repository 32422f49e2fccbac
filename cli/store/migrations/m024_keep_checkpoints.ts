/** Whether the jobs of an experiment write checkpoints. */
export const m024KeepCheckpoints = {
  name: "m024_keep_checkpoints",
  sql: `
ALTER TABLE experiments ADD COLUMN keep_checkpoints TEXT NOT NULL DEFAULT 'unfinished'
  CHECK (keep_checkpoints IN ('unfinished', 'none'));
`,
};
