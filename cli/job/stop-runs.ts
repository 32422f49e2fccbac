import { setTimeout as sleep } from "node:timers/promises";
import { UsageError } from "../errors.js";
import {
  chooseRuns,
  type ExperimentRow,
  experiments,
  getAttempt,
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

export interface StoppedRun extends RunningOfRun {
  /** `running` if the command did not wait for the end. */
  state: StoredState;
  stoppedAtStep: number | null;
}

export interface StopOptions {
  dbPath: string;
  /** An experiment or a run. Default: the running experiment, if there is only one. */
  what?: string | undefined;
  /** Stop everything that is running. */
  all: boolean;
  /** Resolve when the runs have ended, not as soon as they were asked. */
  wait: boolean;
  signal: AbortSignal;
  onAsked: (runs: readonly RunningOfRun[]) => void;
  onEnd: (run: StoppedRun) => void;
  /** Called once with the runs that are late. Their owner may be suspended, or in a long step. */
  onLate: (runs: readonly RunningOfRun[]) => void;
  /** Default: 60,000 ms; less for tests. */
  lateAfter?: number;
}

/**
 * Asks the owners of running attempts to stop them after their step, like Ctrl-C in their terminal, and waits for
 * that. A job of a whole experiment starts no further runs. Throws UsageError if nothing that was named is running.
 */
export async function stopRuns(options: StopOptions): Promise<StoppedRun[]> {
  const asked = ask(options);
  options.onAsked(asked);
  if (!options.wait) return asked.map((run) => ({ ...run, state: "running", stoppedAtStep: null }));
  return await ends(asked, options);
}

function ask({ dbPath, what, all }: StopOptions): RunningOfRun[] {
  openStore(dbPath, { readonly: true }).close(); // a missing database is an error here; it is not made
  const store = openStore(dbPath);
  try {
    reapLost(store);
    // In one transaction, so that a job of these experiments cannot claim anything afterwards.
    return store.write(() => {
      const { wholes, runs } = meant(store, what, all);
      const running = runningOf(store, runs);
      if (running.length === 0) throw nothingRuns(store, what, runs);
      for (const experiment of wholes) requestExperimentStop(store, experiment);
      const attempts = running.map(({ attempt }) => attempt);
      requestStop(store, attempts);
      return running;
    });
  } finally {
    store.close();
  }
}

/** The experiments to stop as a whole, and the runs; null means all. */
function meant(store: Store, what: string | undefined, all: boolean): { wholes: number[]; runs: string[] | null } {
  const running = experiments(store).filter((experiment) => experiment.running > 0);
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
  const inTraining = runningOf(store, runs).length;
  if (running.length > 0 && running.every((experiment) => experiment.running < inTraining)) {
    const names = running.map(({ id, name, running }) => `    ${name} (experiment ${id}, ${running} in training)`);
    throw new UsageError(
      "STOP_AMBIGUOUS",
      `several experiments are running:\n${names.join("\n")}`,
      "stop one by its number, or all of them with --all",
    );
  }
  return { wholes: running.map(({ id }) => id), runs };
}

function nothingRuns(store: Store, what: string | undefined, runs: readonly string[] | null): UsageError {
  const hint = "lor2c ls shows the state of every run";
  if (what === undefined || runs === null) return new UsageError("NOTHING_RUNS", "no run is in training", hint);
  const more = runs.length === 1 ? "" : ` (${runs.length} runs)`;
  return new UsageError("NOTHING_RUNS", `nothing of ${what}${more} is in training in ${store.path}`, hint);
}

async function ends(asked: readonly RunningOfRun[], options: StopOptions): Promise<StoppedRun[]> {
  const { dbPath, signal, onEnd, onLate, lateAfter = LATE } = options;
  let late = performance.now() + lateAfter;
  const open = new Map(asked.map((run) => [run.attempt, run]));
  const ended: StoppedRun[] = [];
  while (open.size > 0) {
    // openReader marks attempts of dead owners as lost.
    const store = openReader(dbPath);
    try {
      for (const run of [...open.values()]) {
        const attempt = getAttempt(store, run.attempt);
        if (attempt?.outcome === null) continue;
        open.delete(run.attempt);
        const end = { ...run, state: attempt?.outcome ?? "lost", stoppedAtStep: attempt?.stopped_at_step ?? null };
        ended.push(end);
        onEnd(end);
      }
    } finally {
      store.close();
    }
    if (open.size > 0 && performance.now() >= late) {
      late = Number.POSITIVE_INFINITY;
      onLate([...open.values()]);
    }
    if (open.size > 0) await sleep(POLL, undefined, { signal });
  }
  return ended;
}
