import { checkInPlace, clearCheckpoints } from "../store/write.js";
import { dropAtEnd } from "./drop-adapters.js";
import type { Job } from "./job.js";
import type { JobSummary } from "./reporter.js";
import { summarize } from "./summary.js";

/** Milliseconds that a write may wait for another process after training, when it delays no worker. */
const LAST_TIMEOUT = 30_000;

/** Cleans up after a job, and tells the reporter how it ended. `began`: by the process's clock. */
export async function endJob(job: Job, began: number): Promise<JobSummary> {
  const { store, reporter, interrupts, model } = job;
  checkInPlace(store); // the last chance to notice that the database is gone
  for (const problem of clearCheckpoints(store)) reporter.message("warn", problem);
  if (interrupts.urgency === null) {
    const left = job.cells.map(({ id }) => id).filter((id) => model.state(id) === "planned");
    model.set(left, "skipped", model.failures >= job.maxFailures ? `on_error: ${failed(model.failures)}` : undefined);
  }
  store.busyTimeout = LAST_TIMEOUT;
  job.notes.push(...dropAtEnd(job));
  const summary = summarize(job, (performance.now() - began) / 1000);
  await reporter.end(summary);
  return summary;
}

const failed = (count: number) => (count === 1 ? "a run failed" : `${count} runs failed`);
