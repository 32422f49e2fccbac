/**
 * First, last, lowest and highest value of every metric of an attempt, so that a table of many runs does not read every
 * measured value. Triggers keep them, in the transaction of whatever writes `metrics`: a new value costs one row, and a
 * value that replaces another one (which may have been the lowest) summarizes the metric again.
 */
export const m015MetricSummaries = {
  name: "m015_metric_summaries",
  sql: `
CREATE TABLE metric_summaries (
  attempt INTEGER NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
  split TEXT NOT NULL,
  name TEXT NOT NULL,
  measured INTEGER NOT NULL,
  diverged INTEGER NOT NULL,
  first_step INTEGER NOT NULL,
  first REAL,
  last_step INTEGER NOT NULL,
  last REAL,
  lowest_step INTEGER,
  lowest REAL,
  highest_step INTEGER,
  highest REAL,
  PRIMARY KEY (attempt, split, name)
) STRICT, WITHOUT ROWID;

WITH s AS (
  SELECT attempt, split, name, count(value) AS measured, count(*) - count(value) AS diverged,
         min(step) AS first_step, max(step) AS last_step, min(value) AS lowest, max(value) AS highest
  FROM metrics GROUP BY attempt, split, name
)
INSERT INTO metric_summaries (attempt, split, name, measured, diverged, first_step, first, last_step, last,
                              lowest_step, lowest, highest_step, highest)
SELECT s.attempt, s.split, s.name, s.measured, s.diverged, s.first_step, f.value, s.last_step, l.value,
  (SELECT min(m.step) FROM metrics m
   WHERE m.attempt = s.attempt AND m.split = s.split AND m.name = s.name AND m.value = s.lowest), s.lowest,
  (SELECT min(m.step) FROM metrics m
   WHERE m.attempt = s.attempt AND m.split = s.split AND m.name = s.name AND m.value = s.highest), s.highest
FROM s
JOIN metrics f ON f.attempt = s.attempt AND f.split = s.split AND f.name = s.name AND f.step = s.first_step
JOIN metrics l ON l.attempt = s.attempt AND l.split = s.split AND l.name = s.name AND l.step = s.last_step;

CREATE TRIGGER metrics_summarized AFTER INSERT ON metrics BEGIN
  INSERT INTO metric_summaries (attempt, split, name, measured, diverged, first_step, first, last_step, last,
                                lowest_step, lowest, highest_step, highest)
  VALUES (new.attempt, new.split, new.name, new.value IS NOT NULL, new.value IS NULL, new.step, new.value, new.step, new.value,
          iif(new.value IS NULL, NULL, new.step), new.value, iif(new.value IS NULL, NULL, new.step), new.value)
  ON CONFLICT (attempt, split, name) DO UPDATE SET
    measured = measured + excluded.measured,
    diverged = diverged + excluded.diverged,
    first = iif(excluded.first_step < first_step, excluded.first, first),
    first_step = min(first_step, excluded.first_step),
    last = iif(excluded.last_step > last_step, excluded.last, last),
    last_step = max(last_step, excluded.last_step),
    lowest_step = CASE WHEN excluded.lowest IS NULL THEN lowest_step
                       WHEN lowest IS NULL OR excluded.lowest < lowest THEN excluded.lowest_step
                       WHEN excluded.lowest = lowest THEN min(lowest_step, excluded.lowest_step)
                       ELSE lowest_step END,
    lowest = min(coalesce(lowest, excluded.lowest), coalesce(excluded.lowest, lowest)),
    highest_step = CASE WHEN excluded.highest IS NULL THEN highest_step
                        WHEN highest IS NULL OR excluded.highest > highest THEN excluded.highest_step
                        WHEN excluded.highest = highest THEN min(highest_step, excluded.highest_step)
                        ELSE highest_step END,
    highest = max(coalesce(highest, excluded.highest), coalesce(excluded.highest, highest));
END;

CREATE TRIGGER metrics_summarized_again AFTER UPDATE ON metrics BEGIN
  UPDATE metric_summaries SET
    (measured, diverged, lowest, highest) = (
      SELECT count(m.value), count(*) - count(m.value), min(m.value), max(m.value) FROM metrics m
      WHERE m.attempt = new.attempt AND m.split = new.split AND m.name = new.name),
    first = (SELECT m.value FROM metrics m
             WHERE m.attempt = new.attempt AND m.split = new.split AND m.name = new.name ORDER BY m.step LIMIT 1),
    last = (SELECT m.value FROM metrics m
            WHERE m.attempt = new.attempt AND m.split = new.split AND m.name = new.name ORDER BY m.step DESC LIMIT 1),
    lowest_step = (SELECT m.step FROM metrics m
                   WHERE m.attempt = new.attempt AND m.split = new.split AND m.name = new.name AND m.value IS NOT NULL
                   ORDER BY m.value, m.step LIMIT 1),
    highest_step = (SELECT m.step FROM metrics m
                    WHERE m.attempt = new.attempt AND m.split = new.split AND m.name = new.name AND m.value IS NOT NULL
                    ORDER BY m.value DESC, m.step LIMIT 1)
  WHERE attempt = new.attempt AND split = new.split AND name = new.name;
END;
`,
};
