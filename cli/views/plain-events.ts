/** The words of plain output, without the names of runs before them. */
import type { LaneFacts } from "../job/lane.js";
import { errorText } from "../protocol/divergence.js";
import type { EventOf, WorkerEvent } from "../protocol/messages.js";
import { constantAnswer } from "../store/score-direction.js";
import { formatCount, formatEpoch, formatScore, formatSeconds, formatValue, plural } from "./format.js";

/** Null if the event is not for a log. */
export function eventLine(event: WorkerEvent, { scoreName }: Pick<LaneFacts, "scoreName">): string | null {
  switch (event.type) {
    case "started":
      if (event.resumed_step !== null)
        return `resumes after step ${formatCount(event.resumed_step)} of ${formatCount(event.total_steps)}`;
      return (
        `training starts: ${formatCount(event.train_rows)} rows, ${plural(event.total_steps, "step")}, ` +
        `${formatCount(event.trainable_parameters)} trainable parameters + ${formatCount(event.head_parameters)} head`
      );
    case "metrics":
      return metricsLine(event, scoreName);
    case "change":
      return changeLine(event);
    case "log":
      return event.level === "warn" || event.level === "error" ? `${event.level}: ${event.message}` : null;
    case "finished":
      return finishedLine(event, formatSeconds(event.total_seconds));
    case "failed":
      return `failed: ${errorText(event.error_type, event.message)}`;
    case "out_of_memory":
      return `out of memory: ${event.message}`;
    case "stopped":
      return `stopped after step ${formatCount(event.step)}`;
    default:
      return null;
  }
}

/**
 * Shows evaluations, and training values that are not finite; the rest is in the database. The line of the evaluation
 * rows names the epoch; that of the held-out rows, which comes right before it, is added to it.
 */
function metricsLine(event: EventOf<"metrics">, scoreName: string | null): string | null {
  const diverged = event.diverged.length > 0 ? `${event.diverged.join(", ")} not a finite number` : null;
  if (event.split === "train") return diverged && `step ${formatCount(event.step)}: ${diverged}`;
  const names = Object.keys(event.values).sort((a, b) => Number(b === scoreName) - Number(a === scoreName));
  const values = names
    .filter((name) => !event.diverged.includes(name))
    .map((name) => `${name} ${formatValue(event.values[name] ?? null)}`);
  const text = [...values, ...(diverged ? [diverged] : [])].join(", ");
  return event.split === "holdout" ? `held-out rows: ${text}` : `epoch ${formatValue(event.epoch)}: ${text}`;
}

function changeLine(event: EventOf<"change">): string {
  const what =
    event.kind === "merge"
      ? `layers ${event.span_start} to ${event.span_end} merged`
      : `layer ${event.span_start} injected`;
  return `epoch ${formatValue(event.epoch)}: ${what}, ${formatCount(event.trainable_parameters)} trainable parameters left`;
}

/** `took`: of this run, or of each of several that trained as one. */
export const finishedLine = (event: EventOf<"finished">, took: string): string =>
  [
    `finished: ${event.score_name} ${formatScore(event.best_score)} after epoch ${formatEpoch(event.best_epoch)}` +
      `${majorityText(event)}, ${took}`,
    ...(event.collapsed ? ["collapsed: all predictions are alike"] : []),
    ...event.notes,
  ].join("; ");

/** What a constant answer scores; nothing where there is no such score, as for a correlation. */
function majorityText({ score_name, majority_score }: EventOf<"finished">): string {
  return majority_score === null ? "" : ` (${constantAnswer(score_name)} ${formatScore(majority_score)})`;
}

/** How far one run is. */
export function progressLine(event: EventOf<"progress">, secondsLeft: number | null): string {
  const parts = [
    event.phase === "train" ? null : event.phase === "evaluate" ? "evaluating" : "saving",
    `step ${formatCount(event.step)} of ${formatCount(event.total_steps)}`,
    event.loss === null ? null : `loss ${formatValue(event.loss)}`,
    event.tokens_per_second === null ? null : `${formatCount(event.tokens_per_second)} tokens/s`,
    secondsLeft === null ? null : `${formatSeconds(secondsLeft)} left`,
  ];
  return parts.filter((part) => part !== null).join(", ");
}
