import { methodTrains, shippedCatalog } from "../spec/catalog.js";
import { adapterOf } from "../store/read.js";
import { finishedAttempt, withReader } from "../verify/stored-run.js";

/** The folder of a finished run's adapter, and the run's task. Throws UsageError if the run has none, or it was removed. */
export function adapterFolder(dbPath: string, selector: string): { folder: string; task: string } {
  return withReader(dbPath, (store) => {
    const { run, attempt } = finishedAttempt(store, selector);
    const trains = methodTrains(shippedCatalog(), run.method);
    return { folder: adapterOf(store, run.id, attempt.id, trains), task: run.task };
  });
}
