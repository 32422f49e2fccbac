import type { EventOf, WorkerCommand } from "../protocol/messages.js";

/** What somebody waits for: that this program is loaded, that a worker starts, that it answers a command, or what it says that it does for that. */
export type Wait =
  | { kind: "load" }
  | { kind: "start" }
  | { kind: "answer"; to: WorkerCommand["type"] }
  | ({ kind: "doing" } & Pick<EventOf<"doing">, "what" | "of">);

type Listener = (wait: Wait | null) => void;
let listener: Listener = () => {};

/** Tells `to` what this process waits for from now on, and null when it no longer does. Returns what ends that. */
export function onWait(to: Listener): () => void {
  listener = to;
  return () => {
    if (listener === to) listener = () => {};
  };
}

export const waitsFor = (wait: Wait | null): void => listener(wait);
