import { DIVERGED } from "../protocol/divergence.js";
import type { EventOf, Outcome } from "../protocol/messages.js";
import type { AlertKind, AlertLevel, AlertRow } from "./alert-rows.js";
import { lowerIsBetter } from "./score-direction.js";
import type { Store } from "./store.js";

/** Evaluations without a better score after which a run has an alert. */
export const PLATEAU = 10;

export interface NewAlert {
  kind: AlertKind;
  level: AlertLevel;
  message: string;
  /** Tells two causes of one kind in one attempt apart. */
  cause?: string;
  step?: number | null;
  epoch?: number | null;
}

/**
 * Stores an alert, unless the attempt has one of this cause or was removed. Call it within the transaction that stores
 * the cause.
 */
export function raise(store: Store, attempt: number, alert: NewAlert): void {
  store
    .prepare(
      `INSERT INTO alerts (attempt, kind, cause, level, message, step, epoch, at)
       SELECT id, @kind, @cause, @level, @message, @step, @epoch, @now FROM attempts WHERE id = @attempt
       ON CONFLICT (attempt, kind, cause) DO NOTHING`,
    )
    .run({ cause: "", step: null, epoch: null, ...alert, attempt, now: new Date().toISOString() });
}

/** Alerts of how an attempt ended. Its worker's own outcome takes back that it was called lost. */
export function raiseOutcome(
  store: Store,
  attempt: number,
  outcome: Outcome,
  detail: { error_type?: string; message?: string },
): void {
  const message = detail.message ?? outcome;
  if (outcome === "lost") raise(store, attempt, { kind: "lost", level: "error", message });
  else forget(store, attempt, "lost");
  if (outcome !== "failed" || detail.error_type !== DIVERGED) return;
  forget(store, attempt, "not_finite"); // that a value was not finite, before the run ended for it
  raise(store, attempt, { kind: "not_finite", level: "error", message });
}

function forget(store: Store, attempt: number, kind: AlertKind): void {
  store.prepare("DELETE FROM alerts WHERE attempt = ? AND kind = ?").run(attempt, kind);
}

/** Alerts of measured values, which are stored already. */
export function raiseMeasured(store: Store, attempt: number, event: EventOf<"metrics">): void {
  const { step, epoch, diverged, split } = event;
  if (diverged.length > 0) {
    const where = split === "train" ? "in training" : "on the evaluation rows";
    const message = `${diverged.join(", ")} ${where}: not a finite number at step ${step}`;
    raise(store, attempt, { kind: "not_finite", level: "warn", message, step, epoch });
  }
  if (split !== "train") raisePlateau(store, attempt, event);
}

interface Best {
  name: string;
  value: number;
  step: number;
  epoch: number;
  /** Evaluations after it. */
  since: number;
}

function raisePlateau(store: Store, attempt: number, { step, epoch, split }: EventOf<"metrics">): void {
  const best = bestOf(store, attempt, split);
  if (best === undefined || best.since < PLATEAU) return;
  const message =
    `${best.name} has not improved over the last ${PLATEAU} evaluations: ` +
    `${best.value.toFixed(4)} after epoch ${Number(best.epoch.toFixed(2))} is the best`;
  raise(store, attempt, { kind: "plateau", level: "info", message, cause: String(best.step), step, epoch });
}

/** The best evaluation so far on the rows that choose the epoch; undefined for other rows, or if none has a number. */
function bestOf(store: Store, attempt: number, split: string): Best | undefined {
  const summary = store
    .prepare(
      `SELECT s.name, s.lowest_step, s.lowest, s.highest_step, s.highest
       FROM attempts a JOIN metric_summaries s ON s.attempt = a.id AND s.split = @split AND s.name = a.score_name
       WHERE a.id = @attempt AND (@split = 'holdout' OR NOT EXISTS (
         SELECT 1 FROM metric_summaries h WHERE h.attempt = a.id AND h.split = 'holdout'))`,
    )
    .get({ attempt, split }) as
    | {
        name: string;
        lowest_step: number | null;
        lowest: number | null;
        highest_step: number | null;
        highest: number | null;
      }
    | undefined;
  if (summary === undefined) return undefined;
  const { name } = summary;
  const [step, value] = lowerIsBetter(name)
    ? [summary.lowest_step, summary.lowest]
    : [summary.highest_step, summary.highest];
  if (step === null || value === null) return undefined;
  const { epoch, since } = store
    .prepare(
      `SELECT count(*) - 1 AS since, min(iif(step = @step, epoch, NULL)) AS epoch FROM metrics
       WHERE attempt = @attempt AND split = @split AND name = @name AND step >= @step`,
    )
    .get({ attempt, split, name, step }) as { epoch: number; since: number };
  return { name, value, step, epoch, since };
}

const SERIOUS_FIRST = "CASE level WHEN 'error' THEN 0 WHEN 'warn' THEN 1 ELSE 2 END";

/** Alerts of all attempts of a run, oldest first. */
export function alertsOf(store: Store, run: string): AlertRow[] {
  return store.prepare("SELECT * FROM v_alerts WHERE run = ? ORDER BY id").all(run) as AlertRow[];
}

/** Alerts of these attempts, oldest first. The id of one that is deleted goes to the next one that is stored. */
export function alertsOfAttempts(store: Store, attempts: readonly number[]): AlertRow[] {
  return store
    .prepare(
      `SELECT v.* FROM alerts l JOIN v_alerts v ON v.id = l.id
       WHERE l.attempt IN (SELECT value FROM json_each(?)) ORDER BY l.id`,
    )
    .all(JSON.stringify(attempts)) as AlertRow[];
}

/** Kinds of alerts of the current attempt `v` of a run, the most serious first, as a JSON list. */
export const ALERTS_OF_V = `(SELECT json_group_array(k.kind) FROM (
  SELECT kind, min(${SERIOUS_FIRST}) AS place FROM alerts WHERE attempt = v.attempt_id GROUP BY kind ORDER BY place, kind) k)`;
