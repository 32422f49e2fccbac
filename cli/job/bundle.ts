import { ProtocolError } from "../errors.js";
import { atPlace } from "../executors/at-place.js";
import type { Slot } from "../executors/executor.js";
import type { Share } from "../plan/share-out.js";
import type { WorkerEvent } from "../protocol/messages.js";
import {
  type AttemptsByCell,
  checkInPlace,
  checkpointFolder,
  clearCheckpoints,
  ingest,
  WaitingEvents,
} from "../store/write.js";
import { checkPaths } from "./check-paths.js";
import { type Attempt, claim } from "./claim.js";
import { endAttempts } from "./end-attempts.js";
import { IngestBuffer } from "./ingest-buffer.js";
import type { Job } from "./job.js";
import { obey } from "./obey.js";
import { watchSilence } from "./watch-silence.js";

/**
 * Claims the cells and trains those that it got, until the worker is gone and every attempt has its outcome. A run that
 * fails is not an error here. Throws if the store can't be written.
 */
export async function trainBundle(share: Share, slot: Slot, job: Job): Promise<void> {
  const attempts = await claim(share, slot.device, job);
  if (attempts.length === 0) return;
  for (const { attemptId } of attempts) job.heartbeats.add(attemptId);
  try {
    await train(attempts, share.key, slot, job);
    clearCheckpoints(job.store); // now, because the disk would fill up; problems are reported at the job's end
    job.alike.ended(
      attempts.map(({ cell }) => cell),
      job.model,
    );
  } finally {
    for (const { attemptId } of attempts) job.heartbeats.remove(attemptId);
  }
}

async function train(attempts: Attempt[], key: string, slot: Slot, job: Job): Promise<void> {
  const { store, executor, reporter, interrupts, model, logs, patience, force, fromZero, alerts, keep } = job;
  const ids = new Map(attempts.map(({ cell, attemptId }) => [cell.id, attemptId]));
  let fault: unknown;
  let stopped = false;
  const begun = new Set<string>();
  const waiting = new WaitingEvents(store, ids);
  const buffer = new IngestBuffer({ store: storeIn(job, ids), patience, waiting });
  let left = 0;
  const told = model.begin(ids);
  const bundle = {
    cells: attempts.map(({ cell: { id, settings, inspected }, folder }) => {
      const fingerprint = inspected.fingerprint ?? {};
      return { id, settings, fingerprint, folder, resume: !force && !fromZero.has(id) };
    }),
    checkpoint: checkpointFolder(store, key),
    writesCheckpoints: keep.checkpoints !== "none",
  };
  const running = executor.start(bundle, slot, (sent) => {
    const event = atPlace(sent, slot);
    try {
      checkPaths(event, store);
      buffer.add(event);
    } catch (error) {
      fault = error; // the executor only keeps its name and message
      throw error;
    }
    const lane = model.event(told, event);
    if (lane) logs.event(lane.runs, event);
    if (mayStopEarly(event, begun, told.runs, job)) {
      stopped = true;
      void running.stop();
    }
  });
  const release = obey(running, interrupts);
  const releaseSilence = watchSilence(running, model.labelOf(told.runs), reporter, {
    onSilent: (message, since) => alerts.raise(told.runs, { kind: "silent", level: "warn", message, cause: since }),
  });
  const wished = new Set<string>();
  job.stops.add(ids, (runs) => {
    for (const run of runs) wished.add(run);
    // A worker with nothing left to train must not wait for the next bundle of its slot.
    if (told.runs.every((run) => wished.has(run) || model.state(run) !== "running")) void running.stop();
    else running.stopCells(runs);
  });
  const end = await running.done;
  release();
  releaseSilence();
  job.stops.remove(ids);
  try {
    left = await buffer.close(interrupts.kill);
  } catch (error) {
    fault ??= error;
  }
  // An event about a cell that the worker was not given is the worker's fault; any other error is the store's.
  if (fault instanceof ProtocolError) fault = undefined;
  if (left > 0) reporter.message("warn", `${left} events wait in ${waiting.path}: the next lor2c stores them`);
  await endAttempts(attempts, end, { wished: (run) => stopped || wished.has(run), waits: left > 0 }, job);
  if (fault !== undefined) throw fault;
  if (end.open.length === 0 && end.errorType !== null) {
    const [first] = end.reason.split("\n");
    reporter.message(
      "warn",
      `the worker of ${model.labelOf(told.runs)} failed after the outcome of its runs: ${first}`,
    );
    logs.write(told.runs, "warn", { error_type: end.errorType, stderr: end.stderrTail }, end.reason);
  }
}

/** After the database was found to be gone, events are still stored, to be saved with the rest. */
function storeIn({ store, fail, alerts }: Job, attempts: AttemptsByCell): (events: WorkerEvent[]) => void {
  let inPlace = true;
  return (events) => {
    try {
      // Checks at every write, because a write to a truncated log hides the damage.
      if (inPlace) checkInPlace(store);
    } catch (error) {
      inPlace = false;
      fail(error);
    }
    ingest(store, attempts, events);
    alerts.tell();
  };
}

/**
 * Stops the worker's remaining runs if too many have failed and none of these has started. Runs in training continue to
 * their end, like those of other workers.
 */
function mayStopEarly(
  event: WorkerEvent,
  begun: Set<string>,
  runs: readonly string[],
  { maxFailures, model }: Job,
): boolean {
  if (event.type === "started") for (const cell of event.cells) begun.add(cell);
  if (model.failures < maxFailures) return false;
  const open = runs.filter((run) => model.state(run) === "running");
  return open.length > 0 && !open.some((run) => begun.has(run));
}
