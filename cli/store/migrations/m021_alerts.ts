/**
 * What deserves a look: once for each cause, written with it. Attempts from before have those that their rows tell of.
 */
export const m021Alerts = {
  name: "m021_alerts",
  sql: `
CREATE TABLE alerts (
  id INTEGER PRIMARY KEY,
  attempt INTEGER NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('not_finite', 'plateau', 'collapsed', 'disk', 'lost', 'silent')),
  cause TEXT NOT NULL,
  level TEXT NOT NULL CHECK (level IN ('info', 'warn', 'error')),
  message TEXT NOT NULL,
  step INTEGER,
  epoch REAL,
  at TEXT NOT NULL,
  UNIQUE (attempt, kind, cause)
) STRICT;

INSERT INTO alerts (attempt, kind, cause, level, message, epoch, at)
SELECT id, iif(outcome = 'lost', 'lost', 'not_finite'), '', 'error', coalesce(message, outcome), NULL, coalesce(ended_at, started_at)
FROM attempts WHERE outcome = 'lost' OR (outcome = 'failed' AND error_type = 'Diverged')
UNION ALL
SELECT id, 'collapsed', '', 'warn', 'all evaluation rows have one prediction' || coalesce(': ' || collapsed_to, ''), best_epoch,
       coalesce(ended_at, started_at)
FROM attempts WHERE collapsed = 1;

CREATE VIEW v_alerts AS
SELECT l.id, r.id AS run, r.label, r.model, r.task, r.method, r.seed, a.number AS attempt, l.kind, l.level, l.message,
       l.step, l.epoch, l.at
FROM alerts l JOIN attempts a ON a.id = l.attempt JOIN runs r ON r.id = a.run;
`,
};
