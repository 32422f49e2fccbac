import type { Executor, ExecutorOptions, Slot } from "../executors/executor.js";
import { EXECUTORS } from "../executors/index.js";
import type { PlannedCell } from "../plan/cell.js";
import type { KeptLooks } from "../plan/kept-looks.js";
import { reasonsOf, reasonText } from "../plan/plan.js";
import { remaining } from "../plan/remaining.js";
import { type ResolvedPlan, resolvePlan } from "../plan/resolve-plan.js";
import { assign, type Share, shareOut } from "../plan/share-out.js";
import { warningTexts } from "../plan/warnings.js";
import type { Devices } from "../spec/devices.js";
import { CANNOT_RUN, runStates } from "../store/read.js";
import { checkStore, type Store } from "../store/store.js";
import { checkInPlace, clearCheckpoints, reapLost, recordForecasts } from "../store/write.js";
import { type Approve, type Approved, openApproved } from "./approved.js";
import { trainBundle } from "./bundle.js";
import { settleElsewhere } from "./elsewhere.js";
import { Heartbeats } from "./heartbeats.js";
import { Interrupts } from "./interrupt.js";
import { type Job, mayBegin } from "./job.js";
import { JobClock } from "./job-clock.js";
import { JobModel } from "./model.js";
import { Patience } from "./patience.js";
import { runQueue } from "./queue.js";
import type { JobSummary, PlanCell, Reporter } from "./reporter.js";
import { RunLogs } from "./run-logs.js";
import type { JobSource } from "./source.js";
import { StopWatch } from "./stop-watch.js";
import { summarize } from "./summary.js";
import { timeTeller } from "./time-teller.js";

/** Milliseconds that a write waits for another process. The workers' events and the views wait with it. */
const BUSY_TIMEOUT = 50;
const LAST_TIMEOUT = 30_000;
/** Milliseconds between two looks at runs that other processes train. */
const POLL = 1000;

export interface RunOptions {
  source: JobSource;
  dbPath: string;
  /** Train finished runs again, as new attempts. */
  force?: boolean;
  /** Default: the source's. */
  jobs?: number | "auto" | undefined;
  /** Default: the source's. */
  devices?: Devices | undefined;
  reporter: Reporter;
  executor?: keyof typeof EXECUTORS;
  worker?: ExecutorOptions;
  /** Looks at the forecast before anything starts. Default: all may begin. */
  approve?: Approve;
  /** Default: models and rows are looked at, whatever was found before. */
  looks?: KeptLooks | undefined;
  /** Default: the signals of this process. */
  interrupts?: Interrupts;
}

interface Planned {
  plan: ResolvedPlan;
  executor: Executor;
}

/**
 * Trains what remains of a source and resolves with how it ended, interrupted or not. Throws UsageError
 * when nothing could be started, and a Lor2cError with exit code 130 when it is interrupted before anything was.
 */
export async function runExperiment(options: RunOptions): Promise<JobSummary> {
  const began = performance.now();
  const interrupts = options.interrupts ?? new Interrupts();
  try {
    const plan = await preparePlan(options, interrupts);
    const approved = await openApproved(plan.plan, options);
    approved.store.busyTimeout = BUSY_TIMEOUT;
    try {
      return await runPlan(plan, approved, options, interrupts, began);
    } finally {
      approved.store.close();
    }
  } finally {
    if (!options.interrupts) interrupts.dispose();
  }
}

async function preparePlan(options: RunOptions, interrupts: Interrupts): Promise<Planned> {
  const { source } = options;
  checkStore(options.dbPath); // as well as the spec: the worker may take long to look at models and rows
  const executor = EXECUTORS[options.executor ?? "local"](options.worker ?? {});
  const { devices = source.devices, jobs = source.jobs } = options;
  const wanted = { cells: source.cells, devices, jobs };
  const where = { executor, signal: interrupts.stop, looks: options.looks };
  return { plan: await interrupts.during(resolvePlan(wanted, where)), executor };
}

async function runPlan(
  { plan, executor }: Planned,
  { store, foresight, warnings }: Approved,
  options: RunOptions,
  interrupts: Interrupts,
  began: number,
): Promise<JobSummary> {
  const { source, reporter, force = false } = options;
  const { cells, invalid: invalidCells, slots: all } = plan;
  const notes = [...source.notes, ...plan.notes];
  const patience = new Patience((message) => reporter.message("warn", message));
  const register = () => {
    reapLost(store);
    const id = source.register(store, plan);
    recordForecasts(store, foresight.forecast.runs);
    return id;
  };
  const experiment = await patience.until(register, interrupts.stop);
  const ids = cells.map((cell) => cell.id);
  const states = runStates(store, ids);
  const { todo, finished } = remaining(cells, states, force);
  const { shares, slots } = assign(todo, all);

  const clock = new JobClock(slots.length);
  clock.add(shares);
  const done = new Set(finished);
  const runs = cells.map((cell) => planCell(cell, done.has(cell) ? "finished" : "planned"));
  const model = new JobModel(runs, [reporter, timeTeller(reporter, clock)], clock);
  const invalid = reasonsOf(invalidCells);
  const devices = [...new Set(slots.map(({ device }) => device))];
  const where = { dbPath: store.path, jobs: slots.length, devices };
  reporter.begin({ name: source.name, experiment, ...where, cells: runs, invalid }, model);
  for (const reason of invalid) {
    reporter.message("warn", `left out, ${CANNOT_RUN}${reasonText(reason, source.cells.length)}`);
  }
  for (const text of [...warningTexts(todo), ...warnings]) reporter.message("warn", text);
  let fault: unknown;
  /** Without its store a job trains for nothing. */
  const fail = (error: unknown) => {
    fault ??= error;
    if (interrupts.urgency === null) interrupts.interrupt();
  };
  const heartbeats = new Heartbeats(store, patience, {
    onFault: fail,
    onWarning: (error) => reporter.message("warn", `heartbeat: ${error.message}`),
  });
  const stops = new StopWatch(store, experiment, () => interrupts.interrupt());
  const job: Job = {
    store,
    executor,
    reporter,
    model,
    logs: new RunLogs((error) => reporter.message("warn", `a run's log cannot be written: ${error.message}`)),
    interrupts,
    heartbeats,
    stops,
    patience,
    fail,
    force,
    maxFailures: source.onError === "stop" ? 1 : Number.POSITIVE_INFINITY,
    fromZero: new Set(ids.filter((id) => source.fromScratch || states.get(id) === "failed")),
  };
  const release = announce(interrupts, reporter, () => fault !== undefined);
  try {
    await trainAll(shares, slots, job);
    await waitElsewhere(cells, slots, job);
    if (fault !== undefined) throw fault;
  } catch (error) {
    await reporter.abort?.();
    checkInPlace(store); // that is the reason then, and what was stored since is saved as well
    throw error;
  } finally {
    await executor.close();
    heartbeats.dispose();
    stops.dispose();
    release();
  }
  await inPlace(store, reporter);
  for (const problem of clearCheckpoints(store)) reporter.message("warn", problem);
  const interrupted = interrupts.urgency !== null;
  if (!interrupted) {
    model.set(
      ids.filter((id) => model.state(id) === "planned"),
      "skipped",
    );
  }
  const seconds = (performance.now() - began) / 1000;
  const result = { name: source.name, experiment, cells, invalid, notes };
  store.busyTimeout = LAST_TIMEOUT; // nothing trains any more that would have to wait
  const summary = summarize(store, result, model, interrupted, force, seconds);
  await reporter.end(summary);
  return summary;
}

/** The end of a job is its last chance to notice that its database is not there any more. */
async function inPlace(store: Store, reporter: Reporter): Promise<void> {
  try {
    checkInPlace(store);
  } catch (error) {
    await reporter.abort?.();
    throw error;
  }
}

/** Tells the user that the signal has arrived: a step may take a while. */
function announce({ stop, kill }: Interrupts, reporter: Reporter, failed: () => boolean): () => void {
  const onStop = () =>
    reporter.message(
      "warn",
      failed()
        ? "stopping: the database cannot be used"
        : "stopping after the current step; a second Ctrl-C ends it at once",
    );
  const onKill = () => reporter.message("warn", "ending the workers");
  stop.addEventListener("abort", onStop);
  kill.addEventListener("abort", onKill);
  return () => {
    stop.removeEventListener("abort", onStop);
    kill.removeEventListener("abort", onKill);
  };
}

async function trainAll(shares: Share[], slots: readonly Slot[], job: Job): Promise<void> {
  const train = (share: Share, slot: Slot) =>
    trainBundle(share, slot, job).catch((error: unknown) => {
      job.fail(error);
      throw error;
    });
  await runQueue([...shares], slots, train, () => mayBegin(job));
}

/** Until the runs that other processes had taken are over; those whose process is gone are trained here. */
async function waitElsewhere(cells: PlannedCell[], slots: readonly Slot[], job: Job): Promise<void> {
  for (;;) {
    const elsewhere = cells.filter((cell) => job.model.state(cell.id) === "elsewhere");
    if (elsewhere.length === 0 || !mayBegin(job)) return;
    const ids = elsewhere.map((cell) => cell.id);
    const settle = () => settleElsewhere(job.store, ids, job.model);
    const free = new Set(await job.patience.orElse(settle, job.interrupts.stop, []));
    const shares = shareOut(
      elsewhere.filter((cell) => free.has(cell.id)),
      slots.length,
    );
    if (shares.length > 0) await trainAll(shares, slots, job);
    else await job.interrupts.pause(POLL);
  }
}

function planCell({ id, label, inspected }: PlannedCell, state: PlanCell["state"]): PlanCell {
  return {
    id,
    label,
    trainableParameters: inspected.trainable_parameters ?? 0,
    headParameters: inspected.head_parameters ?? 0,
    state,
    totalSteps: inspected.total_steps ?? 0,
  };
}
