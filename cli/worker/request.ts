import { join } from "node:path";
import { WorkerError } from "../errors.js";
import { discard } from "../files.js";
import type { EventOf, WorkerCommand, WorkerEvent } from "../protocol/messages.js";
import { makeTemporaryFolder } from "../temporary.js";
import { findPython } from "./python.js";
import { describeExit } from "./start-failure.js";
import type { WorkerEnd } from "./worker-end.js";
import { startWorker, type WorkerOptions } from "./worker-process.js";

export interface RequestOptions extends Pick<WorkerOptions, "python" | "commandOverride" | "env"> {
  /** Ends the worker at once; the call then throws. */
  signal?: AbortSignal;
  onEvent?: (event: WorkerEvent) => void;
}

/** A command that is answered with events and does not train. */
export type Question = Extract<
  WorkerCommand,
  { type: "inspect" | "count" | "examine" | "survey" | "predict" | "predict_file" }
>;

export interface Answer {
  ready: EventOf<"ready">;
  /** All events of the worker. */
  events: WorkerEvent[];
}

/** Asks a worker a question, wherever it runs. */
export type Ask = (question: Question) => Promise<Answer>;

/** Starts a worker for one command, collects the events that answer it, and ends the worker. */
export async function request(
  command: WorkerCommand & { request: string },
  options: RequestOptions = {},
): Promise<Answer> {
  const { signal, onEvent, ...rest } = options;
  signal?.throwIfAborted();
  const python = rest.commandOverride ? undefined : (rest.python ?? (await findPython()));
  const folder = makeTemporaryFolder("lor2c-worker-");
  const events: WorkerEvent[] = [];
  let finish: (done: EventOf<"done">) => void = () => {};
  const finished = new Promise<EventOf<"done">>((resolve) => {
    finish = resolve;
  });
  const worker = await startWorker({
    ...rest,
    signal,
    python,
    logFile: join(folder, "worker.log"),
    onEvent: (event) => {
      onEvent?.(event);
      events.push(event);
      if (event.type === "done" && event.request === command.request) finish(event);
    },
  }).catch((error) => {
    // The error names the log, so the folder stays, unless the call was aborted.
    if (signal?.aborted) discard(folder);
    signal?.throwIfAborted();
    throw error;
  });
  const abort = () => worker.kill();
  signal?.addEventListener("abort", abort);
  try {
    if (signal?.aborted) abort();
    else worker.send(command);
    const end = await Promise.race([finished, worker.closed]);
    signal?.throwIfAborted();
    if (!("type" in end)) throw deathOf(end, command.type);
    if (end.error !== null) throw new WorkerError("WORKER_REFUSED", end.error, undefined, 2);
    return { ready: worker.ready, events };
  } finally {
    signal?.removeEventListener("abort", abort);
    await worker.stop();
    discard(folder);
  }
}

function deathOf(end: WorkerEnd, what: string): WorkerError {
  const reason = end.protocolError?.message ?? `the worker died during ${what} (${describeExit(end)})`;
  const lines = end.stderrTail.map((line) => `  ${line}`);
  return new WorkerError(
    end.protocolError?.code ?? "WORKER_DIED",
    [reason, ...lines].join("\n"),
    end.protocolError?.hint,
  );
}
