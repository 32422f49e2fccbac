import type { RunningBundle } from "../executors/executor.js";
import type { Interrupts } from "./interrupt.js";

/** Passes interrupts on to the worker, also those from before its start. Returns a function that ends this. */
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
