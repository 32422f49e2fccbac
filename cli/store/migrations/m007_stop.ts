/** A request from another terminal to stop a whole experiment: no further run of it starts. */
export const m007Stop = {
  name: "m007_stop",
  sql: `
ALTER TABLE experiments ADD COLUMN stop_requested_at TEXT;
`,
};
