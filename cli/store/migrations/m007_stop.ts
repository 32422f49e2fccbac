/** A wish to stop a whole job from another terminal: nothing of the experiment begins any more. */
export const m007Stop = {
  name: "m007_stop",
  sql: `
ALTER TABLE experiments ADD COLUMN stop_requested_at TEXT;
`,
};
