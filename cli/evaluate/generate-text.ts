import { ProtocolError } from "../errors.js";
import type { Executor } from "../executors/executor.js";
import type { EventOf, WorkerCommand, WorkerEvent } from "../protocol/messages.js";
import type { Devices } from "../spec/devices.js";
import { interruptible } from "../worker/interruptible.js";
import { type Subject, subjectFields } from "./subject.js";

type Generate = Extract<WorkerCommand, { type: "generate" }>;
type End = NonNullable<EventOf<"generated">["end"]>;

export interface Generation {
  subject: Subject;
  executor: Executor;
  devices: Devices;
  asked: Omit<Generate, "type" | "request" | "folder" | "settings">;
  /** Gets the text piece by piece. */
  onText: (piece: string) => void;
  /** Aborted when nobody reads the text any more; it then ends as at Ctrl-C. */
  unread: AbortSignal;
}

/** Continues a text. Ctrl-C ends it after the token in hand, and at once while the worker starts. */
export function generateText(generation: Generation): Promise<{ text: string; end: End }> {
  return interruptible("interrupted; nothing was generated", (signal) => generated(generation, signal));
}

async function generated(
  { subject, executor, devices, asked, onText, unread }: Generation,
  signal: AbortSignal,
): Promise<{ text: string; end: End }> {
  const starting = new AbortController();
  const abort = () => starting.abort(signal.reason);
  signal.addEventListener("abort", abort);
  const conversation = await executor.converse(devices, { signal: starting.signal });
  signal.removeEventListener("abort", abort);
  const stop = () => void conversation.stop().catch(() => {}); // the answer has the error
  for (const end of [signal, unread]) end.addEventListener("abort", stop);
  let text = "";
  let end: End | null = null;
  const hear = (event: WorkerEvent) => {
    if (event.type !== "generated") return;
    text += event.text;
    end = event.end;
    onText(event.text);
  };
  try {
    await conversation.ask({ type: "generate", request: "generate", ...subjectFields(subject), ...asked }, hear);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    for (const end of [signal, unread]) end.removeEventListener("abort", stop);
    await conversation.close().catch(() => {}); // its error is that of the answer
  }
  if (end === null) throw new ProtocolError("PROTOCOL_INCOMPLETE", "the worker has not said how the text ended");
  return { text, end };
}
