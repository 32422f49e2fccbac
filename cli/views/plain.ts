import type { Lane } from "../job/lane.js";
import type { JobModel } from "../job/model.js";
import type { JobPlan, Reporter } from "../job/reporter.js";
import type { RunState } from "../job/run-state.js";
import { withoutNumbers } from "../plan/warnings.js";
import { divergence } from "../protocol/divergence.js";
import type { WorkerEvent } from "../protocol/messages.js";
import type { Wait } from "../worker/wait.js";
import { evaluationLog } from "./evaluation-lines.js";
import { formatCount, plural, shortId } from "./format.js";
import { clip } from "./parts/fit.js";
import { eventLine, progressLine } from "./plain-events.js";
import { FinishLines } from "./plain-finish.js";
import { jobLine } from "./plain-progress.js";
import { renderSummary } from "./summary.js";

/** Milliseconds between two lines about progress: of the job, or of its run if it has only one to train. */
const EVERY = 30_000;
/** Events of a run that its worker has begun to train. */
const TRAINED: ReadonlySet<WorkerEvent["type"]> = new Set(["started", "progress"]);
/** The most columns for the name of a lane, which may be long. */
const LONGEST_LABEL = 100;

/** What a line is about, for those who show it in another way. */
export interface About {
  level: "info" | "warn" | "error";
  runs: readonly string[];
  /** The name of these runs, with which the line begins; empty for the whole job. */
  label: string;
  /** The line after it. */
  text: string;
}

export interface PlainOptions {
  write: (line: string, about: About) => void;
  now?: () => number;
  /** Columns of the terminal, when the summary is written; null is as wide as needed. */
  width?: () => number | null;
  /** Gets what the job waits for until its first run trains; null: for nothing more. */
  wait?: (wait: Wait | null) => void;
}

/** One line per important event, for logs, pipes and CI. The runs of a lane share a line. */
export function createPlain({ write, now = Date.now, width = () => null, wait = () => {} }: PlainOptions): Reporter {
  let model: JobModel | undefined;
  let lastProgress = now();
  /** Without a plan, as for `verify`, there is one run. */
  let several = false;
  /** Whether a run trains or has trained: other lines then say how the job goes on. */
  let trained = false;
  const heldOut = new WeakMap<Lane, string>();
  const failures = new Set<string>();
  const say = (text: string, level: About["level"] = "info") => write(text, { level, runs: [], label: "", text });
  const tell = (runs: readonly string[], label: string | undefined, text: string, level: About["level"] = "info") => {
    const name = nameOf(runs, label);
    write(`${name}: ${text}`, { level, runs, label: runs.length > 1 ? name : (label ?? name), text });
  };
  const evaluation = evaluationLog((line) => say(line), now);
  const named = (runs: readonly string[], text: string) => tell(runs, model?.labelOf(runs), text);
  const finishes = new FinishLines(named, (run) => model?.state(run) === "running");
  const isTime = () => {
    if (now() - lastProgress < EVERY) return false;
    lastProgress = now();
    return true;
  };
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
  const textOf = (lane: Lane, event: WorkerEvent): string | null => {
    if (event.type === "progress") {
      return several || !isTime() ? null : progressLine(event, model?.secondsLeft(lane) ?? null);
    }
    // A resumed worker repeats earlier events for the database; the user has seen them.
    if ((event.type === "metrics" || event.type === "change") && event.step <= lane.facts.resumedStep) return null;
    const text = asBefore(event) ?? eventLine(event, lane.facts);
    if (event.type !== "metrics" || text === null) return text;
    if (event.split === "holdout") {
      heldOut.set(lane, text);
      return null;
    }
    const held = event.split === "eval" ? heldOut.get(lane) : undefined;
    heldOut.delete(lane);
    return held ? `${text}; ${held}` : text;
  };

  return {
    begin(plan, job) {
      model = job;
      several = plan.cells.filter(({ state }) => state !== "finished").length > 1;
      lastProgress = now();
      say(planLine(plan));
    },
    lane() {},
    event(lane, event) {
      if (event.type === "doing" && !trained) wait({ kind: "doing", what: event.what, of: event.of });
      else if (TRAINED.has(event.type) && !trained) {
        trained = true;
        wait(null);
      }
      finishes.event(lane, event);
      if (event.type === "finished") return;
      const text = textOf(lane, event);
      if (text !== null) tell(lane.runs, lane.label, text, levelOf(event));
    },
    states(runs, state, detail) {
      if (!trained) wait(state === "running" ? { kind: "start" } : null);
      const text = stateLine(state);
      if (text === null) return;
      finishes.flush();
      named(runs, detail ? `${text} (${detail})` : text);
    },
    alert({ runs, label, kind, message }) {
      if (kind === "plateau") tell(runs, label, message, "warn"); // other lines have said the others
    },
    evaluation,
    message(level, text) {
      write(level === "info" ? text : `${level}: ${text}`, { level, runs: [], label: "", text });
    },
    timeLeft(left) {
      if (!several || !model || !left.secondsLeft || !isTime()) return; // 0: the job is over or was stopped
      finishes.flush();
      const { counts, runs } = model;
      say(jobLine(left, { counts, runs, training: model.training() }, (own) => nameOf(own, model?.labelOf(own), " ")));
    },
    end(summary) {
      finishes.flush();
      say("");
      say(renderSummary(summary, width()));
    },
    abort: () => finishes.flush(),
  };
}

function levelOf(event: WorkerEvent): About["level"] {
  if (event.type === "failed" || event.type === "out_of_memory") return "error";
  return event.type === "log" && event.level !== "debug" ? event.level : "info";
}

/** The id of a single run; several runs are named by their label. */
function nameOf([first = "", ...others]: readonly string[], label: string | undefined, gap = "  "): string {
  const text = label === undefined ? "" : clip(label, LONGEST_LABEL);
  return others.length > 0 ? text : `${shortId(first)}${text && `${gap}${text}`}`;
}

function planLine({ name, cells, jobs, devices, dbPath }: JobPlan): string {
  const done = cells.filter((cell) => cell.state === "finished").length;
  const left = done === 0 ? "" : `, ${formatCount(done)} of them finished already`;
  const where = devices.includes("cpu") ? "" : ` on ${devices.join(", ")}`;
  return `${name}: ${plural(cells.length, "run")}${left}, ${formatCount(jobs)} at a time${where}, database ${dbPath}`;
}

/** Null for outcomes of a worker, whose events have said more already. */
function stateLine(state: RunState): string | null {
  if (state === "lost") return "lost";
  if (state === "elsewhere") return "is trained by another lor2c process";
  if (state === "skipped") return "not started";
  return null;
}
