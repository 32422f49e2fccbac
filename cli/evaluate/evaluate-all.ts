import { atPlace } from "../executors/at-place.js";
import type { Executor, Slot } from "../executors/executor.js";
import type { EventOf } from "../protocol/messages.js";
import type { Devices } from "../spec/devices.js";
import type { EvaluationRequest } from "../spec/evaluate-schema.js";
import type { Store } from "../store/store.js";
import type { Conversation } from "../worker/conversation.js";
import { evaluateSubject } from "./evaluate-subject.js";
import type { SubjectResult, TellEvaluation } from "./report.js";
import type { Subject } from "./subject.js";
import { Turns } from "./turns.js";

export interface EvaluateAll {
  subjects: readonly Subject[];
  request: EvaluationRequest;
  executor: Executor;
  /** Where workers evaluate, each one subject after the other. */
  places: readonly (Devices | Slot)[];
  store: Store;
  tell: TellEvaluation;
  /** Gets what the devices report. */
  onDevice?: (reading: EventOf<"device_usage">) => void;
  /** Aborted by the first Ctrl-C, and by the second. */
  stop: AbortSignal;
  kill: AbortSignal;
  /** Gets an error about one subject, so that the others go on. Without it, the error ends everything. */
  onProblem?: (subject: Subject, error: unknown) => void;
}

/** Evaluates subjects. After a stop, those that have not begun are absent from the results. */
export async function evaluateAll(options: EvaluateAll): Promise<SubjectResult[]> {
  const { subjects, places, stop, kill, executor, onProblem } = options;
  const pending = [...subjects];
  const results: SubjectResult[] = [];
  const errors: unknown[] = [];
  const turns = new Turns();
  const serve = async (place: Devices | Slot) => {
    let conversation: Conversation | undefined;
    const onDevice = (reading: EventOf<"device_usage">) =>
      options.onDevice?.(typeof place === "object" && "device" in place ? atPlace(reading, place) : reading);
    try {
      while (!stop.aborted && errors.length === 0) {
        const subject = pending.shift();
        if (subject === undefined) return;
        try {
          if (!conversation?.alive) conversation = await opened(executor, place, { stop, kill, before: conversation });
          results.push(await evaluateSubject(subject, { ...options, onDevice, conversation, turns }));
        } catch (error) {
          if (stop.aborted) return;
          if (!onProblem) throw error;
          onProblem(subject, error);
        }
      }
    } catch (error) {
      errors.push(error);
    } finally {
      await conversation?.close().catch(() => {}); // its error is that of the answer
    }
  };
  await Promise.all(places.slice(0, Math.max(1, subjects.length)).map(serve));
  if (errors.length > 0) throw errors[0];
  return results.sort((a, b) => subjects.indexOf(a.subject) - subjects.indexOf(b.subject));
}

/** While it starts, a worker has nothing to save: either signal ends it at once. */
async function opened(
  executor: Executor,
  place: Devices | Slot,
  { stop, kill, before }: { stop: AbortSignal; kill: AbortSignal; before: Conversation | undefined },
): Promise<Conversation> {
  await before?.close().catch(() => {});
  const end = new AbortController();
  const abort = () => end.abort(stop.reason);
  stop.addEventListener("abort", abort);
  if (stop.aborted) abort();
  kill.addEventListener("abort", () => end.abort(kill.reason));
  try {
    return await executor.converse(place, { signal: end.signal });
  } finally {
    stop.removeEventListener("abort", abort);
  }
}
