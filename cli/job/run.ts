import type { ExecutorOptions } from "../executors/executor.js";
import { EXECUTORS } from "../executors/index.js";
import type { KeptLooks } from "../plan/kept-looks.js";
import { resolvePlan } from "../plan/resolve-plan.js";
import type { Devices } from "../spec/devices.js";
import { checkStore } from "../store/store.js";
import { checkInPlace } from "../store/write.js";
import { announce } from "./announce.js";
import { type Approve, openApproved } from "./approved.js";
import { beginJob } from "./begin.js";
import { endJob } from "./end.js";
import { checkEvaluation, evaluateRuns } from "./evaluate-runs.js";
import { Interrupts } from "./interrupt.js";
import type { JobSummary, Reporter } from "./reporter.js";
import type { JobSource } from "./source.js";
import { trainShares, waitElsewhere } from "./train.js";
import { watchDisk } from "./watch-disk.js";

/** Milliseconds that a write waits for another process. The workers' events and the views wait with it. */
const BUSY_TIMEOUT = 50;

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
  /** Checks the forecast before anything starts. Default: every job may start. */
  approve?: Approve;
  /** Kept results. Default: inspect models and rows again. */
  looks?: KeptLooks | undefined;
  /** Default: the signals of this process. */
  interrupts?: Interrupts;
}

/**
 * Trains the remaining runs of a source, and resolves with how the job ended, also if it was interrupted. Throws
 * UsageError if nothing could be started, and a Lor2cError with exit code 130 if it is interrupted before anything was.
 */
export async function runExperiment(options: RunOptions): Promise<JobSummary> {
  const began = performance.now();
  const { source, reporter, force = false } = options;
  const interrupts = options.interrupts ?? new Interrupts();
  try {
    checkStore(options.dbPath); // early, because the worker may take long to inspect models and rows
    const executor = EXECUTORS[options.executor ?? "local"](options.worker ?? {});
    const { devices = source.devices, jobs = source.jobs } = options;
    const wanted = { cells: source.cells, devices, jobs };
    const plan = await interrupts.during(
      resolvePlan(wanted, { executor, signal: interrupts.stop, looks: options.looks }),
    );
    await interrupts.during(checkEvaluation(source, plan.cells, executor, { devices, signal: interrupts.stop }));
    const approved = await openApproved(plan, options);
    approved.store.busyTimeout = BUSY_TIMEOUT;
    try {
      const begun = await beginJob({ source, plan, executor, approved, reporter, interrupts, force });
      return await runJob(begun, began);
    } finally {
      approved.store.close();
    }
  } finally {
    if (!options.interrupts) interrupts.dispose();
  }
}

type Begun = Awaited<ReturnType<typeof beginJob>>;

async function runJob(begun: Begun, began: number): Promise<JobSummary> {
  const { job } = begun;
  try {
    await carryOut(begun);
    return await endJob(job, began);
  } catch (error) {
    await job.reporter.abort?.();
    checkInPlace(job.store); // a missing database is the real reason; this also saves what was stored since
    throw error;
  }
}

async function carryOut(begun: Begun): Promise<void> {
  const { job, shares, slots } = begun;
  const release = announce(job);
  const releaseDisk = watchDisk(job);
  try {
    await trainShares(shares, slots, job);
    await waitElsewhere(slots, job);
    if (job.fault !== undefined) throw job.fault;
    await evaluateRuns(begun);
  } finally {
    await job.executor.close();
    job.heartbeats.dispose();
    job.stops.dispose();
    job.live.dispose();
    release();
    releaseDisk();
  }
}
