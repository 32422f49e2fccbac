import type { EvaluationEvent } from "../evaluate/report.js";
import type { LaneFacts } from "../job/lane.js";
import type { JobModel } from "../job/model.js";
import type { JobAlert } from "../job/reporter.js";
import type { RunState } from "../job/run-state.js";
import { evaluationLines, evaluationStatus } from "./evaluation-lines.js";
import type { Grid } from "./grid/grid.js";

/** Runs that ended together. */
export interface EndedRuns {
  label: string;
  state: RunState;
  facts: LaneFacts | undefined;
  seconds: number | null;
  /** Why the runs did not finish. */
  reason: string | undefined;
}

/** A line that is printed once and scrolls away: runs that ended, or a message. */
export type DashboardLine =
  | ({ key: string; kind: "ended" } & EndedRuns)
  | { key: string; kind: "info" | "warn" | "error"; text: string };

/** Runs that may still end here; a run that another process trains may be left to this one. */
const OPEN: readonly RunState[] = ["planned", "running", "elsewhere"];

/** What the dashboard shows: the model of the job, and lines about what has happened. */
export class DashboardState {
  readonly lines: DashboardLine[] = [];
  /** The heatmap from the database; null if the runs have no two axes. */
  grid: Grid | null = null;
  /** How far the benchmark in hand of each run is, after training. */
  readonly evaluating = new Map<string, string>();
  readonly #ended = new Set<string>();

  constructor(
    readonly name: string,
    readonly model: JobModel,
    readonly now: () => number,
  ) {}

  /** Adds one line for runs that leave the open states. */
  states(runs: readonly string[], state: RunState, reason?: string): void {
    if (OPEN.includes(state)) return;
    const ended = runs.filter((run) => !this.#ended.has(run) && this.model.runs.has(run));
    const first = this.model.runs.get(ended[0] ?? "");
    if (!first) return;
    for (const run of ended) this.#ended.add(run);
    const { lane, startedAt, endedAt } = first;
    this.lines.push({
      key: `line-${this.lines.length}`,
      kind: "ended",
      label: this.model.labelOf(ended),
      state,
      facts: lane?.facts,
      seconds: startedAt === null || endedAt === null ? null : (endedAt - startedAt) / 1000,
      reason: state === "finished" ? undefined : reason,
    });
  }

  /** Results stay on the screen; progress is redrawn. */
  evaluation(event: EvaluationEvent): void {
    const name = event.subject.run ?? event.subject.label;
    if (event.kind === "progress") this.evaluating.set(name, evaluationStatus(event));
    else {
      this.evaluating.delete(name);
      for (const line of evaluationLines(event)) this.message("info", line);
    }
  }

  /** Of runs that go on, and of those whose last line does not tell. */
  alert({ label, kind, level, message }: JobAlert): void {
    if (kind === "plateau" || kind === "collapsed" || (kind === "not_finite" && level === "warn")) {
      this.message(level, `${label}: ${message}`);
    }
  }

  message(kind: "info" | "warn" | "error", text: string): void {
    this.lines.push({ key: `line-${this.lines.length}`, kind, text });
  }
}
