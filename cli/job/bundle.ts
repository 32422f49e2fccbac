import { ProtocolError } from "../errors.js";
import type { BundleEnd, Executor, RunningBundle, Slot } from "../executors/executor.js";
import type { PlannedCell } from "../plan/cell.js";
import type { Share } from "../plan/share-out.js";
import { OUTCOMES, type Outcome, type WorkerEvent } from "../protocol/messages.js";
import type { Store } from "../store/store.js";
import { checkpointFolder, endAttempt, ingest } from "../store/write.js";
import { type Attempt, beginAttempt, logEvent } from "./attempt.js";
import type { Heartbeats } from "./heartbeats.js";
import { IngestBuffer } from "./ingest-buffer.js";
import type { Interrupts } from "./interrupt.js";
import type { Progress } from "./progress.js";
import type { Reporter } from "./reporter.js";

/** What training needs besides the cells. */
export interface Job {
  store: Store;
  executor: Executor;
  reporter: Reporter;
  progress: Progress;
  interrupts: Interrupts;
  heartbeats: Heartbeats;
  force: boolean;
  /** Nothing new is begun once a run has failed. */
  stopOnError: boolean;
  /** Runs that failed: going on from their checkpoint would only lead there again. */
  fromZero: ReadonlySet<string>;
}

/**
 * Claims the cells and trains those it got, until the worker is gone and every attempt has its outcome. A run that
 * fails is no error here. Throws when the store can't be written.
 */
export async function trainBundle({ cells, key }: Pick<Share, "cells" | "key">, slot: Slot, job: Job): Promise<void> {
  const attempts = cells.map((cell) => claim(cell, key, slot, job)).filter((attempt) => attempt !== null);
  if (attempts.length === 0) return;
  for (const { attemptId } of attempts) job.heartbeats.add(attemptId);
  try {
    await train(attempts, key, slot, job);
  } finally {
    for (const { attemptId } of attempts) job.heartbeats.remove(attemptId);
  }
}

function claim(cell: PlannedCell, key: string, { device }: Slot, { store, force, progress }: Job): Attempt | null {
  const attempt = beginAttempt(store, cell, force, device, key);
  if ("busy" in attempt) {
    progress.set(cell.id, "elsewhere", attempt.busy);
    return null;
  }
  if ("done" in attempt) {
    progress.set(cell.id, "finished");
    return null;
  }
  progress.setAttempt(cell.id, attempt.attemptId);
  progress.set(cell.id, "running");
  return attempt;
}

async function train(attempts: Attempt[], key: string, slot: Slot, job: Job): Promise<void> {
  const { store, executor, interrupts, force, fromZero } = job;
  const ids = new Map(attempts.map(({ cell, attemptId }) => [cell.id, attemptId]));
  let fault: unknown;
  const begun = new Set<string>();
  let stopped = false;
  const buffer = new IngestBuffer((events) => ingest(store, ids, events));
  const bundle = {
    cells: attempts.map(({ cell: { id, settings }, folder }) => {
      return { id, settings, folder, resume: !force && !fromZero.has(id) };
    }),
    checkpoint: checkpointFolder(store, key),
  };
  const running = executor.start(bundle, slot, (event) => {
    try {
      buffer.add(event);
    } catch (error) {
      fault = error; // the executor only keeps its name and message
      throw error;
    }
    show(event, attempts, job);
    if (mayStopEarly(event, begun, ids.keys(), job)) {
      stopped = true;
      void running.stop();
    }
  });
  const release = obey(running, interrupts);
  const end = await running.done;
  release();
  try {
    buffer.close();
  } catch (error) {
    fault ??= error;
  }
  // A worker that talks about a cell it was not given is at fault itself; anything else is our store's trouble.
  if (fault instanceof ProtocolError) fault = undefined;
  finish(attempts, end, stopped, job);
  if (fault !== undefined) throw fault;
}

/**
 * `on_error: stop`, and what this worker has left has not begun. Runs in training go on to their end, as those of other
 * workers do.
 */
function mayStopEarly(
  event: WorkerEvent,
  begun: Set<string>,
  cells: Iterable<string>,
  { stopOnError, progress }: Job,
): boolean {
  if (event.type === "started") for (const cell of event.cells) begun.add(cell);
  if (!stopOnError || !progress.anyFailed) return false;
  const open = [...cells].filter((cell) => progress.state(cell) === "running");
  return open.length > 0 && !open.some((cell) => begun.has(cell));
}

/** Passes the user's wish to end on to the worker, also one that was there before it. */
export function obey(running: RunningBundle, { stop, kill }: Interrupts): () => void {
  const onStop = () => void running.stop();
  const onKill = () => running.kill();
  stop.addEventListener("abort", onStop);
  kill.addEventListener("abort", onKill);
  if (stop.aborted) onStop();
  if (kill.aborted) onKill();
  return () => {
    stop.removeEventListener("abort", onStop);
    kill.removeEventListener("abort", onKill);
  };
}

function show(event: WorkerEvent, attempts: Attempt[], { reporter, progress }: Job): void {
  const named = "cells" in event && event.cells.length > 0 ? new Set(event.cells) : null;
  for (const { cell, log } of attempts) {
    if (named && !named.has(cell.id)) continue;
    logEvent(log, event);
    reporter.event(cell.id, event);
    if (isOutcome(event.type)) progress.set(cell.id, event.type);
  }
}

/** Gives the cells that the worker left open their outcome: `stopped` when that was our wish, else `lost`. */
function finish(attempts: Attempt[], end: BundleEnd, stopped: boolean, { store, interrupts, progress }: Job): void {
  const open = new Set(end.open);
  for (const { cell, attemptId, log } of attempts) {
    progress.setStderr(cell.id, end.stderrTail);
    if (!open.has(cell.id)) continue;
    const outcome: Outcome = interrupts.urgency === null && !stopped ? "lost" : "stopped";
    const detail = { error_type: end.errorType ?? undefined, message: end.reason };
    log[outcome === "lost" ? "error" : "info"]({ outcome, ...detail, stderr: end.stderrTail }, end.reason);
    endAttempt(store, attemptId, outcome, detail);
    progress.set(cell.id, outcome, end.reason.split("\n")[0]);
  }
}

function isOutcome(type: string): type is Outcome {
  return (OUTCOMES as readonly string[]).includes(type);
}
