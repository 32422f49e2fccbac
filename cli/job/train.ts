import type { Slot } from "../executors/executor.js";
import { assign, type Share } from "../plan/share-out.js";
import { trainBundle } from "./bundle.js";
import { dropTrained } from "./drop-adapters.js";
import { settleElsewhere } from "./elsewhere.js";
import { type Job, mayBegin } from "./job.js";
import { runQueue } from "./queue.js";

/** Milliseconds between two checks of runs that other processes train. */
const POLL = 1000;

/** Trains the shares, each in a slot as it becomes free, until all are over or no further run may start. */
export async function trainShares(shares: readonly Share[], slots: readonly Slot[], job: Job): Promise<void> {
  const pending = [...shares];
  const train = async (share: Share, slot: Slot) => {
    if (holdBack(share, pending, job)) return;
    try {
      await trainBundle(share, slot, job);
      await dropTrained(
        job,
        share.cells.map(({ id }) => id),
      );
    } catch (error) {
      job.fail(error);
      throw error;
    }
  };
  await runQueue(pending, slots, train, () => mayBegin(job));
}

/** Skips a share whose runs are certain to fail like others, and the pending shares of the same kind. */
function holdBack(share: Share, pending: Share[], { alike, model }: Job): boolean {
  const reason = alike.reason(share.cells);
  if (reason === null) return false;
  const waiting = pending.splice(0);
  const same = waiting.filter(({ cells }) => alike.reason(cells) === reason);
  pending.push(...waiting.filter((other) => !same.includes(other)));
  const ids = [share, ...same].flatMap(({ cells }) => cells.map(({ id }) => id));
  model.set(ids, "skipped", `${reason}; after a fix, the same command trains them`);
  return true;
}

/** Waits for the runs that other processes had claimed, and trains those whose process is gone. */
export async function waitElsewhere(slots: readonly Slot[], job: Job): Promise<void> {
  for (;;) {
    const elsewhere = job.cells.filter((cell) => job.model.state(cell.id) === "elsewhere");
    if (elsewhere.length === 0 || !mayBegin(job)) return;
    const ids = elsewhere.map((cell) => cell.id);
    const settle = () => settleElsewhere(job.store, ids, job.model);
    const free = new Set(await job.patience.orElse(settle, job.interrupts.stop, []));
    const { shares } = assign(
      elsewhere.filter((cell) => free.has(cell.id)),
      slots,
      job.device,
    );
    if (shares.length > 0) await trainShares(shares, slots, job);
    else await job.interrupts.pause(POLL);
  }
}
