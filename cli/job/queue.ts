/**
 * Works on items, one at a time in each slot; each starts when a slot is free. Items may be added to `pending`
 * meanwhile. Asks `mayStart` before each; after it returns false, nothing more starts. Rejects with the first error of
 * `work`, when everything that had started is over.
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
