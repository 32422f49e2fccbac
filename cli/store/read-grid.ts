import type { AxisRow, GridCellRow, LeftOutRow } from "./rows.js";
import type { Store } from "./store.js";
import { storedSettings } from "./stored-settings.js";

/** The reason of a cell that the spec asks for but that cannot run begins so. The spec itself excludes the others. */
export const CANNOT_RUN = "cannot run: ";

/** After which epoch a run's score is shown: the one that its score chose, the last, the spec's own, or a number. */
export type WhichEpoch = "best" | "last" | "fixed" | number;

/** What varies in each experiment. Those that were run last come first; the axes of one are sorted by name. */
export function experimentAxes(store: Store, experiment?: number | string): AxisRow[] {
  const which = typeof experiment === "number" ? "e.id = @experiment" : "e.name = @experiment";
  return store
    .prepare(
      `SELECT e.id AS experiment, e.name, a.axis, min(typeof(a.value) IN ('integer', 'real')) AS numeric
       FROM experiments e JOIN cell_axes a ON a.experiment = e.id
       ${experiment === undefined ? "" : `WHERE ${which}`}
       GROUP BY e.id, a.axis HAVING count(DISTINCT quote(a.value)) > 1 ORDER BY e.last_run_at DESC, e.id DESC, a.axis`,
    )
    .all({ experiment }) as AxisRow[];
}

/** The experiments of which a run has a score, and the number of runs that have. */
export function scoredRuns(store: Store): Map<number, number> {
  const rows = store
    .prepare(
      `SELECT c.experiment, count(DISTINCT c.run) AS runs FROM experiment_cells c
       JOIN attempts a ON a.run = c.run WHERE a.best_score IS NOT NULL GROUP BY c.experiment`,
    )
    .all() as { experiment: number; runs: number }[];
  return new Map(rows.map(({ experiment, runs }) => [experiment, runs]));
}

/** Whether an experiment has a run for each combination of two axes, as a sweep's grid has and a few variants have not. */
export function isWholeGrid(store: Store, experiment: number, rows: string, cols: string): boolean {
  return (
    store
      .prepare(
        `SELECT count(DISTINCT quote(r.value) || ' ' || quote(c.value)) =
           count(DISTINCT quote(r.value)) * count(DISTINCT quote(c.value))
         FROM cell_axes r JOIN cell_axes c ON c.experiment = r.experiment AND c.position = r.position
         WHERE r.experiment = ? AND r.axis = ? AND c.axis = ?`,
      )
      .pluck()
      .get(experiment, rows, cols) === 1
  );
}

/**
 * The value of a metric after the epoch with the best score. Of equal scores the earliest counts, as in the choice of
 * the best epoch.
 */
const AT_BEST = `(SELECT m.value FROM metrics s JOIN metrics m
    ON m.attempt = s.attempt AND m.split = 'eval' AND m.name = coalesce(@metric, s.name) AND m.step = s.step
  WHERE s.attempt = a.id AND s.split = 'eval' AND s.name = a.score_name AND s.value = a.best_score
  ORDER BY s.step LIMIT 1)`;

const newest = (attempt: string) => `(SELECT m.value FROM metrics m
  WHERE m.attempt = ${attempt}.id AND m.split = 'eval' AND m.name = coalesce(@metric, ${attempt}.score_name)
  ORDER BY m.step DESC LIMIT 1)`;

const after = (epoch: string) => `(SELECT m.value FROM metrics m
  WHERE m.attempt = a.id AND m.split = 'eval' AND m.name = coalesce(@metric, a.score_name) AND m.epoch = ${epoch} LIMIT 1)`;

/** The value of a finished run; the best and last score are stored with it, other metrics are looked up. */
function shownValue(which: WhichEpoch): string {
  if (which === "fixed") return after("v.report_epoch");
  if (which !== "best" && which !== "last") return after("@epoch");
  const [own, metric] = which === "best" ? ["a.best_score", AT_BEST] : ["a.last_score", newest("a")];
  return `CASE WHEN @metric IS NULL OR @metric = a.score_name THEN ${own} ELSE ${metric} END`;
}

/**
 * The runs of an experiment in the order of the spec. `metric`: a metric of the evaluation to show instead of the
 * run's score.
 */
export function gridCells(
  store: Store,
  experiment: number,
  { metric = null, which = "best" }: { metric?: string | null; which?: WhichEpoch } = {},
): GridCellRow[] {
  const rows = store
    .prepare(
      `SELECT c.position, c.run, c.label, v.model, v.task, v.method, v.seed, v.state,
         v.running_attempt IS NOT NULL AS running, coalesce(a.score_name, t.score_name) AS score_name, coalesce(a.majority_score, t.majority_score) AS majority_score,
         CASE WHEN v.state = 'finished' THEN ${shownValue(which)} END AS value,
         CASE WHEN v.state = 'finished' AND v.chosen_on = 'holdout' AND @epoch = 'best' AND (@metric IS NULL OR @metric = a.score_name)
           THEN v.chosen_score END AS held_out,
         CASE WHEN t.id IS NOT NULL THEN ${newest("t")} WHEN v.state <> 'finished' THEN ${newest("a")} END AS so_far,
         v.final_trainable_parameters AS parameters, r.settings, v.error_type, v.message, v.numerics,
         (SELECT json_group_array(json_array(kind, epoch, span_start, span_end, source)) FROM
           (SELECT * FROM changes WHERE attempt = v.attempt_id ORDER BY seq)) AS changes,
         (SELECT json_group_object(axis, value) FROM cell_axes x
          WHERE x.experiment = c.experiment AND x.position = c.position) AS axes
       FROM experiment_cells c
       JOIN v_runs v ON v.run = c.run
       JOIN runs r ON r.id = c.run
       LEFT JOIN attempts a ON a.id = v.attempt_id
       LEFT JOIN attempts t ON t.run = c.run AND t.number = v.running_attempt
       WHERE c.experiment = @experiment ORDER BY c.position`,
    )
    .all({ experiment, metric, epoch: which }) as (GridCellRow & { settings: string; axes: string })[];
  return rows.map(
    (row) => ({ ...row, settings: storedSettings(row.settings), axes: JSON.parse(row.axes) }) as GridCellRow,
  );
}

/** Names of the metrics that the evaluations of an experiment's runs measured. */
export function gridMetrics(store: Store, experiment: number): string[] {
  return store
    .prepare(
      `SELECT DISTINCT m.name FROM experiment_cells c
       JOIN v_runs v ON v.run = c.run JOIN metrics m ON m.attempt = v.attempt_id AND m.split = 'eval'
       WHERE c.experiment = ? ORDER BY m.name`,
    )
    .pluck()
    .all(experiment) as string[];
}

export function leftOutCells(store: Store, experiment: number): LeftOutRow[] {
  const rows = store
    .prepare(
      `SELECT json_group_object(axis, value) AS axes, min(reason) AS reason FROM left_out_cells
       WHERE experiment = ? GROUP BY position ORDER BY position`,
    )
    .all(experiment) as { axes: string; reason: string }[];
  return rows.map(({ axes, reason }) => ({ axes: JSON.parse(axes), reason }));
}
