/**
 * Works on items, `slots` at a time, each begun only when a slot is free. Items may be added to `pending` meanwhile.
 * `mayStart` is asked before each; once it says no, nothing new begins. Rejects with the first error of `work`, when
 * what had begun is over.
 */
export async function runQueue<T>(
  pending: T[],
  slots: number,
  work: (item: T) => Promise<void>,
  mayStart: () => boolean,
): Promise<void> {
  const errors: unknown[] = [];
  const slot = async () => {
    while (errors.length === 0 && mayStart()) {
      const item = pending.shift();
      if (item === undefined) return;
      await work(item).catch((error: unknown) => errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: slots }, slot));
  if (errors.length > 0) throw errors[0];
}
