import type { RunningBundle } from "../executors/executor.js";
import type { Interrupts } from "./interrupt.js";

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
