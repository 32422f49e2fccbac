import { z } from "zod";
import { number, text } from "./columns.js";

/**
 * - not_finite: a loss, gradient norm or score was no finite number
 * - plateau: the score has not improved over the last `PLATEAU` evaluations
 * - collapsed: all evaluation rows have one prediction after the chosen epoch
 * - disk: little space is left where the results are
 * - lost: the worker or the runner died without a word
 * - silent: the worker gave no sign of life for some time
 */
const ALERT_KINDS = ["not_finite", "plateau", "collapsed", "disk", "lost", "silent"] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

const ALERT_LEVELS = ["info", "warn", "error"] as const;
export type AlertLevel = (typeof ALERT_LEVELS)[number];

/** A line of `v_alerts`. */
export const AlertRow = z.strictObject({
  id: number,
  run: text,
  label: text,
  model: text,
  task: text,
  method: text,
  seed: number,
  /** Number of the attempt within its run. */
  attempt: number,
  kind: z.enum(ALERT_KINDS),
  level: z.enum(ALERT_LEVELS),
  message: text,
  step: number.nullable(),
  epoch: number.nullable(),
  at: text,
});
export type AlertRow = z.infer<typeof AlertRow>;
