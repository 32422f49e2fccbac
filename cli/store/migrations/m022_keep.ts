/**
 * What a spec's `keep` has asked for: of its experiment, and of each attempt that was trained with it; and which adapters
 * are deleted since. Attempts from before keep theirs.
 */
export const m022Keep = {
  name: "m022_keep",
  sql: `
ALTER TABLE experiments ADD COLUMN keep_adapters TEXT NOT NULL DEFAULT 'all' CHECK (keep_adapters IN ('all', 'best', 'none'));
ALTER TABLE attempts ADD COLUMN keep_adapters TEXT NOT NULL DEFAULT 'all' CHECK (keep_adapters IN ('all', 'best', 'none'));
ALTER TABLE artifacts ADD COLUMN deleted_at TEXT;
ALTER TABLE artifacts ADD COLUMN deleted_because TEXT;
`,
};
