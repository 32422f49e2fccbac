import { UsageError } from "../errors.js";
import { statOf } from "../files.js";
import { methodTrains, shippedCatalog } from "../spec/catalog.js";
import { getArtifacts } from "../store/read.js";
import { finishedAttempt, withReader } from "../verify/stored-run.js";

/** The folder of a finished run's adapter, and the run's task. Throws UsageError if the run has none, or it was removed. */
export function adapterFolder(dbPath: string, selector: string): { folder: string; task: string } {
  return withReader(dbPath, (store) => {
    const { run, attempt } = finishedAttempt(store, selector);
    const folder = getArtifacts(store, attempt.id).find(({ kind }) => kind === "adapter")?.path;
    if (folder && statOf(folder)) return { folder, task: run.task };
    throw new UsageError(
      "ADAPTER_MISSING",
      folder ? `the adapter of run ${run.id} is gone: ${folder}` : `run ${run.id} has saved no adapter`,
      methodTrains(shippedCatalog(), run.method)
        ? "lor2c run with --force trains it again"
        : `its method, ${run.method}, trains nothing`,
    );
  });
}
