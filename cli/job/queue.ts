/**
 * Works on items, one at a time in each of the slots, each begun only when a slot is free. Items may be added to
 * `pending` meanwhile. `mayStart` is asked before each; once it says no, nothing new begins. Rejects with the first
 * error of `work`, when what had begun is over.
 */
export async function runQueue<T, S>(
  pending: T[],
  slots: readonly S[],
  work: (item: T, slot: S) => Promise<void>,
  mayStart: () => boolean,
): Promise<void> {
  const errors: unknown[] = [];
  const serve = async (slot: S) => {
    while (errors.length === 0 && mayStart()) {
      const item = pending.shift();
      if (item === undefined) return;
      await work(item, slot).catch((error: unknown) => errors.push(error));
    }
  };
  await Promise.all(slots.map(serve));
  if (errors.length > 0) throw errors[0];
}
