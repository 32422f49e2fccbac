import { setTimeout as sleep } from "node:timers/promises";
import { UsageError } from "../errors.js";
import {
  chooseRuns,
  type EvaluatingOfRun,
  type ExperimentRow,
  evaluatingOf,
  experiments,
  getAttempt,
  getEvaluation,
  type NextStart,
  nextStarts,
  type RunningOfRun,
  runningOf,
  runsOf,
  type StoredState,
} from "../store/read.js";
import { openReader } from "../store/reader.js";
import { openStore, type Store } from "../store/store.js";
import { reapLost, requestExperimentStop, requestStop } from "../store/write.js";

/** Milliseconds between two checks of the runs that were asked to stop. */
const POLL = 300;
/** Milliseconds after which a run is late. A job that lives kills a worker that does not stop within 40 s. */
const LATE = 60_000;

/** A run in training, or one in evaluation on a benchmark. */
type Busy = (RunningOfRun & { benchmark: null }) | EvaluatingOfRun;

export type StoppedRun = Pick<Busy, "run" | "label" | "owner" | "benchmark"> & {
  /** Of the training, or of the evaluation; `running` if the command did not wait for the end. */
  state: StoredState;
  stoppedAtStep: number | null;
  /** Where the run begins when it is trained again; null if it is finished, or did not end while the command waited. */
  next: NextStart | null;
};

export interface StopOptions {
  dbPath: string;
  /** An experiment or a run. Default: the running experiment, if there is only one. */
  what?: string | undefined;
  /** Stop everything that is running. */
  all: boolean;
  /** Resolve when the runs have ended, not as soon as they were asked. */
  wait: boolean;
  signal: AbortSignal;
  onAsked: (runs: readonly Busy[]) => void;
  onEnd: (run: StoppedRun) => void;
  /** Called once with the runs that are late. Their owner may be suspended, or in a long step. */
  onLate: (runs: readonly Busy[]) => void;
  /** Default: 60,000 ms; less for tests. */
  lateAfter?: number;
}

/**
 * Asks the owners of running attempts to stop them after their step, like Ctrl-C in their terminal, and waits for
 * that. A job of a whole experiment starts no further runs, and ends its evaluations; so does `lor2c eval` of its runs.
 * Throws UsageError if nothing that was named is running.
 */
export async function stopRuns(options: StopOptions): Promise<StoppedRun[]> {
  const asked = ask(options);
  options.onAsked(asked);
  if (!options.wait) return asked.map((run) => ({ ...run, state: "running", stoppedAtStep: null, next: null }));
  return await ends(asked, options);
}

function ask({ dbPath, what, all }: StopOptions): Busy[] {
  openStore(dbPath, { readonly: true }).close(); // a missing database is an error here; it is not made
  const store = openStore(dbPath);
  try {
    reapLost(store);
    // In one transaction, so that a job of these experiments cannot claim anything afterwards.
    return store.write(() => {
      const { wholes, runs } = meant(store, what, all);
      const running = runningOf(store, runs);
      const evaluating = evaluatingOf(store, runs);
      if (running.length + evaluating.length === 0) throw nothingRuns(store, what, runs);
      const [first] = evaluating;
      if (first && wholes.length === 0) throw onlyWhole(store, first);
      for (const experiment of wholes) requestExperimentStop(store, experiment);
      const attempts = running.map(({ attempt }) => attempt);
      requestStop(store, attempts);
      return [...running.map((run) => ({ ...run, benchmark: null })), ...evaluating];
    });
  } finally {
    store.close();
  }
}

/** The experiments to stop as a whole, and the runs; null means all. */
function meant(store: Store, what: string | undefined, all: boolean): { wholes: number[]; runs: string[] | null } {
  const busy = busyRuns(store);
  const running = experiments(store).filter(({ id }) => runsOf(store, id).some((run) => busy.has(run)));
  if (all) return { wholes: running.map(({ id }) => id), runs: null };
  if (what === undefined) return theOnly(store, running);
  const named = running.filter(({ name }) => name === what);
  if (named.length > 0) return theOnly(store, named); // the newest of its name may be another one
  const { experiment, runs } = chooseRuns(store, what);
  return { wholes: experiment ? [experiment.id] : [], runs };
}

/**
 * Experiments can share runs. When all that is in training belongs to one of them, it is one job, or jobs that wait for
 * each other's runs, and all of it is meant. Throws UsageError otherwise.
 */
function theOnly(store: Store, running: readonly ExperimentRow[]): { wholes: number[]; runs: string[] } {
  const runs = [...new Set(running.flatMap(({ id }) => runsOf(store, id)))];
  const busy = busyRuns(store);
  const busyOf = new Map(running.map(({ id }) => [id, runsOf(store, id).filter((run) => busy.has(run)).length]));
  const most = runs.filter((run) => busy.has(run)).length;
  if (running.length > 0 && [...busyOf.values()].every((count) => count < most)) {
    const names = running.map(
      ({ id, name }) => `    ${name} (experiment ${id}, ${busyOf.get(id)} in training or evaluation)`,
    );
    throw new UsageError(
      "STOP_AMBIGUOUS",
      `several experiments are running:\n${names.join("\n")}`,
      "stop one by its number, or all of them with --all",
    );
  }
  return { wholes: running.map(({ id }) => id), runs };
}

/** Runs in training or evaluation. */
const busyRuns = (store: Store): Set<string> =>
  new Set([...runningOf(store, null), ...evaluatingOf(store, null)].map(({ run }) => run));

function onlyWhole(store: Store, { run, benchmark, owner }: EvaluatingOfRun): UsageError {
  const whole = experiments(store).find(({ id }) => runsOf(store, id).includes(run));
  return new UsageError(
    "STOP_WHOLE",
    `run ${run} is trained, and ${owner} evaluates it on ${benchmark}: that cannot be stopped for one run alone`,
    whole && `stop all of its experiment: lor2c stop ${whole.id}`,
  );
}

function nothingRuns(store: Store, what: string | undefined, runs: readonly string[] | null): UsageError {
  const hint = "lor2c ls shows the state of every run";
  if (what === undefined || runs === null)
    return new UsageError("NOTHING_RUNS", "no run is in training or evaluation", hint);
  const more = runs.length === 1 ? "" : ` (${runs.length} runs)`;
  return new UsageError(
    "NOTHING_RUNS",
    `nothing of ${what}${more} is in training or evaluation in ${store.path}`,
    hint,
  );
}

async function ends(asked: readonly Busy[], options: StopOptions): Promise<StoppedRun[]> {
  const { dbPath, signal, onEnd, onLate, lateAfter = LATE } = options;
  let late = performance.now() + lateAfter;
  const open = new Set(asked);
  const ended: StoppedRun[] = [];
  while (open.size > 0) {
    // openReader marks attempts of dead owners as lost.
    const store = openReader(dbPath);
    try {
      for (const busy of open) {
        const how = endOf(store, busy);
        if (how === null) continue;
        open.delete(busy);
        const { run, label, owner, benchmark } = busy;
        const end = { run, label, owner, benchmark, ...how };
        ended.push(end);
        onEnd(end);
      }
    } finally {
      store.close();
    }
    if (open.size > 0 && performance.now() >= late) {
      late = Number.POSITIVE_INFINITY;
      onLate([...open]);
    }
    if (open.size > 0) await sleep(POLL, undefined, { signal });
  }
  return ended;
}

/** Null: it goes on. */
function endOf(store: Store, busy: Busy): Pick<StoppedRun, "state" | "stoppedAtStep" | "next"> | null {
  if (busy.benchmark === null) {
    const attempt = getAttempt(store, busy.attempt);
    if (attempt?.outcome === null) return null;
    return {
      state: attempt?.outcome ?? "lost",
      stoppedAtStep: attempt?.stopped_at_step ?? null,
      next: nextStarts(store, [busy.run]).get(busy.run) ?? null,
    };
  }
  if (evaluatingOf(store, [busy.run]).some(({ evaluation }) => evaluation === busy.evaluation)) return null;
  const state = getEvaluation(store, busy.evaluation)?.state ?? "lost";
  return { state: state === "unfinished" ? "stopped" : state, stoppedAtStep: null, next: null };
}
