import type { Lane, LaneFacts } from "../job/lane.js";
import type { JobModel } from "../job/model.js";
import type { JobPlan, Reporter } from "../job/reporter.js";
import type { RunState } from "../job/run-state.js";
import { withoutNumbers } from "../plan/warnings.js";
import { divergence, errorText } from "../protocol/divergence.js";
import type { EventOf, WorkerEvent } from "../protocol/messages.js";
import { constantAnswer } from "../store/score-direction.js";
import { evaluationLog } from "./evaluation-lines.js";
import { formatCount, formatEpoch, formatScore, formatSeconds, formatValue, plural, shortId } from "./format.js";
import { clip } from "./parts/fit.js";
import { renderSummary } from "./summary.js";

/** Milliseconds between two lines about the whole job. */
const JOB_EVERY = 30_000;
/** The most columns for the name of a lane, which may be long. */
const LONGEST_LABEL = 100;

export interface PlainOptions {
  write: (line: string) => void;
  /** Milliseconds between two progress lines of a run. */
  every?: number;
  now?: () => number;
  /** Columns of the terminal, when the summary is written; null is as wide as needed. */
  width?: () => number | null;
}

/** One line per important event, for logs, pipes and CI. The runs of a lane share a line. */
export function createPlain({ write, every = 10_000, now = Date.now, width = () => null }: PlainOptions): Reporter {
  let model: JobModel | undefined;
  const lastProgress = new WeakMap<Lane, number>();
  const failures = new Set<string>();
  let lastJob = now();
  const evaluation = evaluationLog(write, now);
  /** Only the first of the runs that fail alike prints the whole error. */
  const asBefore = (event: WorkerEvent): string | null => {
    if (event.type !== "failed") return null;
    const diverged = divergence(event.error_type, event.message);
    const kind = withoutNumbers(`${event.error_type}: ${event.message}`);
    const known = failures.has(kind);
    failures.add(kind);
    if (!known) return null;
    return diverged ? `failed: ${diverged}` : `failed alike: ${event.error_type}`;
  };

  return {
    begin(plan, job) {
      model = job;
      write(planLine(plan));
    },
    lane(lane) {
      lastProgress.set(lane, now());
    },
    event(lane, event) {
      if (event.type === "progress") {
        if (now() - (lastProgress.get(lane) ?? 0) < every) return;
        lastProgress.set(lane, now());
      }
      // A resumed worker repeats earlier events for the database; the user has seen them.
      if ((event.type === "metrics" || event.type === "change") && event.step <= lane.facts.resumedStep) return;
      const text = asBefore(event) ?? eventLine(event, lane.facts);
      if (text !== null) write(`${nameOf(lane.runs, lane.label)}: ${text}`);
    },
    states(runs, state, detail) {
      const text = stateLine(state);
      if (text === null) return;
      write(`${nameOf(runs, model?.labelOf(runs))}: ${detail ? `${text} (${detail})` : text}`);
    },
    alert({ runs, label, kind, message }) {
      if (kind === "plateau") write(`${nameOf(runs, label)}: ${message}`); // other lines have said the others
    },
    evaluation,
    message(level, text) {
      write(level === "info" ? text : `${level}: ${text}`);
    },
    timeLeft({ fraction, secondsLeft }) {
      const done = Math.floor(fraction * 100);
      if (!secondsLeft || now() - lastJob < JOB_EVERY) return; // 0: the job is over or was stopped
      lastJob = now();
      write(`${done}% of the job, about ${formatSeconds(secondsLeft)} left`);
    },
    end(summary) {
      write("");
      write(renderSummary(summary, width()));
    },
  };
}

/** The id of a single run; several runs are named by their label. */
function nameOf([first = "", ...others]: readonly string[], label: string | undefined): string {
  const text = label === undefined ? "" : clip(label, LONGEST_LABEL);
  return others.length > 0 ? text : `${shortId(first)}${text && `  ${text}`}`;
}

function planLine({ name, cells, jobs, devices, dbPath }: JobPlan): string {
  const done = cells.filter((cell) => cell.state === "finished").length;
  const left = done === 0 ? "" : `, ${formatCount(done)} of them finished already`;
  const where = devices.includes("cpu") ? "" : ` on ${devices.join(", ")}`;
  return `${name}: ${plural(cells.length, "run")}${left}, ${formatCount(jobs)} at a time${where}, database ${dbPath}`;
}

/** What a constant answer scores; nothing where there is no such score, as for a correlation. */
function majorityText({ score_name, majority_score }: EventOf<"finished">): string {
  return majority_score === null ? "" : ` (${constantAnswer(score_name)} ${formatScore(majority_score)})`;
}

/** Null if the event is not for a log. */
function eventLine(event: WorkerEvent, facts: LaneFacts): string | null {
  switch (event.type) {
    case "started":
      if (event.resumed_step !== null)
        return `resumes after step ${formatCount(event.resumed_step)} of ${formatCount(event.total_steps)}`;
      return (
        `training starts: ${formatCount(event.train_rows)} rows, ${plural(event.total_steps, "step")}, ` +
        `${formatCount(event.trainable_parameters)} trainable parameters + ${formatCount(event.head_parameters)} head`
      );
    case "progress":
      return progressLine(event, facts);
    case "metrics":
      return metricsLine(event, facts.scoreName);
    case "change":
      return changeLine(event);
    case "log":
      return event.level === "warn" || event.level === "error" ? `${event.level}: ${event.message}` : null;
    case "finished":
      return (
        `finished: ${event.score_name} ${formatScore(event.best_score)} after epoch ${formatEpoch(event.best_epoch)}` +
        `${majorityText(event)}, ${formatSeconds(event.total_seconds)}` +
        [...(event.collapsed ? ["collapsed: all predictions are alike"] : []), ...event.notes]
          .map((remark) => `; ${remark}`)
          .join("")
      );
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

function progressLine(event: EventOf<"progress">, { secondsLeft }: LaneFacts): string {
  const parts = [
    event.phase === "train" ? null : event.phase === "evaluate" ? "evaluating" : "saving",
    `step ${formatCount(event.step)} of ${formatCount(event.total_steps)}`,
    event.loss === null ? null : `loss ${formatValue(event.loss)}`,
    event.tokens_per_second === null ? null : `${formatCount(event.tokens_per_second)} tokens/s`,
    secondsLeft === null ? null : `${formatSeconds(secondsLeft)} left`,
  ];
  return parts.filter((part) => part !== null).join(", ");
}

/** Shows evaluations, and training values that are not finite; the rest is in the database. */
function metricsLine(event: EventOf<"metrics">, scoreName: string | null): string | null {
  const diverged = event.diverged.length > 0 ? `${event.diverged.join(", ")} not a finite number` : null;
  if (event.split === "train") return diverged && `step ${formatCount(event.step)}: ${diverged}`;
  const names = Object.keys(event.values).sort((a, b) => Number(b === scoreName) - Number(a === scoreName));
  const values = names
    .filter((name) => !event.diverged.includes(name))
    .map((name) => `${name} ${formatValue(event.values[name] ?? null)}`);
  const where = event.split === "holdout" ? "held-out rows: " : "";
  return `epoch ${formatValue(event.epoch)}: ${where}${[...values, ...(diverged ? [diverged] : [])].join(", ")}`;
}

function changeLine(event: EventOf<"change">): string {
  const what =
    event.kind === "merge"
      ? `layers ${event.span_start} to ${event.span_end} merged`
      : `layer ${event.span_start} injected`;
  return `epoch ${formatValue(event.epoch)}: ${what}, ${formatCount(event.trainable_parameters)} trainable parameters left`;
}

/** Null for outcomes of a worker, whose events have said more already. */
function stateLine(state: RunState): string | null {
  if (state === "lost") return "lost";
  if (state === "elsewhere") return "is trained by another lor2c process";
  if (state === "skipped") return "not started";
  return null;
}
