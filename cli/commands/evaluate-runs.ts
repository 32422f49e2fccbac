/** What `lor2c eval` does, without its options and its output of results. */
import { evaluateAll } from "../evaluate/evaluate-all.js";
import { Refused } from "../evaluate/refused.js";
import { allScored, type EvaluationEvent, type SubjectResult } from "../evaluate/report.js";
import { findSubject, type Subject } from "../evaluate/subject.js";
import { EXECUTORS } from "../executors/index.js";
import { Interrupts } from "../job/interrupt.js";
import type { Devices } from "../spec/devices.js";
import type { EvaluationRequest } from "../spec/evaluate-schema.js";
import { stopRequestOfRuns } from "../store/read.js";
import { openStore, resolveDbPath, type Store } from "../store/store.js";
import { evaluationLines, evaluationLog, evaluationStatus, refusedLine } from "../views/evaluation-lines.js";
import { benchmarkNotes } from "../views/evaluation-table.js";
import { writeNote, writeStatus } from "../views/output.js";
import { clip } from "../views/parts/fit.js";

/** Milliseconds between two looks for a stop that another terminal asks for. */
const LOOK_EVERY = 1000;

interface Asked {
  what: readonly string[];
  request: EvaluationRequest;
  db: string | undefined;
  devices: Devices;
}

interface Evaluated {
  results: SubjectResult[];
  /** What a reader of the scores must know, each line once. */
  notes: string[];
  interrupted: boolean;
}

/**
 * Evaluates runs and models one after the other, and tells on stderr how far it is. One that cannot be evaluated leaves
 * the others alone. Throws UsageError if that goes for all of them.
 */
export async function evaluateRuns({ what, request, db, devices }: Asked): Promise<Evaluated> {
  const dbPath = resolveDbPath(db);
  const subjects = distinct(what.map((one) => findSubject(dbPath, one)));
  const interrupts = new Interrupts();
  const show = shower();
  const refused = new Refused(subjects, request, (subject, why) => {
    show.clear();
    writeNote(refusedLine(subject, why));
  });
  const store = openStore(dbPath);
  const warn = () => writeNote(stopping(interrupts.cause));
  interrupts.stop.addEventListener("abort", warn);
  const unwatch = watchStops(store, subjects, () => interrupts.stopBecause("lor2c stop asks for it"));
  try {
    const executor = EXECUTORS.local({});
    const { stop, kill } = interrupts;
    const done = await evaluateAll({
      ...{ subjects, request, executor, store, stop, kill, places: [devices] },
      tell: (event) => {
        if (event.kind === "begins") refused.tell();
        show.tell(event);
      },
      onProblem: (subject, error) => refused.add(subject, error),
    });
    const results = refused.among(done);
    show.clear();
    const interrupted = stop.aborted;
    const scored = results.flatMap((one) => one.results.flatMap(({ row }) => row ?? []));
    return { results, notes: [...benchmarkNotes(scored), ...continuation(results, interrupted)], interrupted };
  } finally {
    show.clear();
    unwatch();
    interrupts.stop.removeEventListener("abort", warn);
    store.close();
    interrupts.dispose();
  }
}

const stopping = (cause: string): string =>
  `stopping; rows that are scored stay${
    cause.startsWith("SIG") ? "; a second signal ends it at once" : `: ${cause}; Ctrl-C ends it at once`
  }`;

/** Calls `stop` once `lor2c stop` names an experiment of these subjects. Returns what ends that. */
function watchStops(store: Store, subjects: readonly Subject[], stop: () => void): () => void {
  const runs = subjects.flatMap(({ run }) => run ?? []);
  const before = stopRequestOfRuns(store, runs);
  const timer = setInterval(() => {
    try {
      if (stopRequestOfRuns(store, runs) !== before) stop();
    } catch {
      // The next look is a second away.
    }
  }, LOOK_EVERY);
  return () => clearInterval(timer);
}

/** Each subject once. */
function distinct(subjects: readonly Subject[]): Subject[] {
  return [...new Map(subjects.map((subject) => [subject.run ?? `model ${subject.model}`, subject])).values()];
}

/** A redrawn line on a terminal, lines from time to time elsewhere; what stays is the same. */
function shower(): { tell: (event: EvaluationEvent) => void; clear: () => void } {
  if (!process.stderr.isTTY) return { tell: evaluationLog(writeNote), clear: () => {} };
  return {
    clear: () => writeStatus(""),
    tell: (event) => {
      if (event.kind === "progress")
        return writeStatus(clip(evaluationStatus(event), (process.stderr.columns ?? 80) - 1));
      writeStatus("");
      for (const line of evaluationLines(event)) writeNote(line);
    },
  };
}

function continuation(results: readonly SubjectResult[], interrupted: boolean): string[] {
  if (interrupted) return ["interrupted: the same command goes on; rows that are scored are not scored again"];
  return !allScored(results) ? ["not everything was evaluated: the same command tries the rest again"] : [];
}
