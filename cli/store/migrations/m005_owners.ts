/**
 * Who owns an attempt (a kind, and a text that this kind understands), requests from another terminal to stop it, and
 * the folder of checkpoints that it uses.
 */
export const m005Owners = {
  name: "m005_owners",
  sql: `
ALTER TABLE attempts ADD COLUMN owner_kind TEXT NOT NULL DEFAULT 'process';
ALTER TABLE attempts ADD COLUMN owner TEXT NOT NULL DEFAULT '';
UPDATE attempts SET owner = json_object('host', host, 'pid', runner_pid, 'started', runner_started);
ALTER TABLE attempts DROP COLUMN runner_pid;
ALTER TABLE attempts DROP COLUMN runner_started;
ALTER TABLE attempts DROP COLUMN host;
ALTER TABLE attempts ADD COLUMN stop_requested_at TEXT;
ALTER TABLE attempts ADD COLUMN checkpoint TEXT;
`,
};
