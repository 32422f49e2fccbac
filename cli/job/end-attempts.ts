import type { BundleEnd } from "../executors/executor.js";
import type { Outcome } from "../protocol/messages.js";
import { endAttempt } from "../store/write.js";
import type { Attempt } from "./claim.js";
import type { Job } from "./job.js";

/** Gives an outcome to the cells that the worker left open: `stopped` if that was requested, else `lost`. */
export async function endAttempts(
  attempts: Attempt[],
  end: BundleEnd,
  { wished, waits }: { wished: (run: string) => boolean; waits: boolean },
  { store, interrupts, model, logs, patience, alerts }: Job,
): Promise<void> {
  for (const { cell } of attempts) model.setStderr(cell.id, end.stderrTail);
  const open = new Set(end.open);
  const left = attempts.filter(({ cell }) => open.has(cell.id));
  const isStopped = ({ cell }: Attempt) => interrupts.urgency !== null || wished(cell.id);
  const ends: [Outcome, Attempt[]][] = [
    ["stopped", left.filter(isStopped)],
    ["lost", left.filter((attempt) => !isStopped(attempt))],
  ];
  for (const [outcome, of] of ends) {
    if (of.length === 0) continue;
    const detail = { error_type: end.errorType ?? undefined, message: end.reason };
    const endAll = () =>
      store.write(() => {
        for (const { attemptId } of of) endAttempt(store, attemptId, outcome, detail);
      });
    // Events in the file come first and may have other outcomes. The next lor2c that opens the database stores them.
    if (!waits) await patience.orElse(endAll, interrupts.kill, undefined);
    alerts.tell();
    const runs = of.map(({ cell }) => cell.id);
    const level = outcome === "lost" ? "error" : "info";
    logs.write(runs, level, { outcome, ...detail, stderr: end.stderrTail }, end.reason);
    model.set(runs, outcome, end.reason.split("\n")[0]);
  }
}
