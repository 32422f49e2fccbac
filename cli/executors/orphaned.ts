import type { Bundle, BundleEnd, RunningBundle } from "./executor.js";
import { stopProcess } from "./process-handle.js";

/** A bundle whose runner is gone and whose worker cannot be attached to: the worker ends, and its runs are open. */
export function orphaned(handle: string, bundle: Bundle): RunningBundle {
  const done = stopProcess(handle, 0).then(
    (): BundleEnd => ({
      open: bundle.cells.map(({ id }) => id),
      errorType: "WorkerError",
      reason: "a worker of this machine ends with the process that started it",
      stderrTail: [],
    }),
  );
  const stop = async () => void (await done);
  return { handle, done, stop, stopCells: () => {}, kill: () => {}, silence: () => null };
}
