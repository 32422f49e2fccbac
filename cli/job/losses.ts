/** The training losses so far, thinned to a limited number; null is a value that is not finite. */
export interface Losses {
  readonly values: readonly (number | null)[];
  /** Progress events per value. */
  readonly every: number;
  readonly seen: number;
}

/** The most values; twice the width of a wide terminal is enough for a sparkline. */
const MOST = 512;

export const NO_LOSSES: Losses = { values: [], every: 1, seen: 0 };

/**
 * Adds a loss. A null is skipped: it means evaluation, or before the first step. `metrics` events report divergence.
 */
export function withLoss(losses: Losses, loss: number | null): Losses {
  if (loss === null) return losses;
  const seen = losses.seen + 1;
  return seen % losses.every === 0 ? push({ ...losses, seen }, loss) : { ...losses, seen };
}

export const withDivergence = (losses: Losses): Losses => push(losses, null);

/** When the list is full, pairs become their mean, and every value then covers twice as many events. */
function push(losses: Losses, loss: number | null): Losses {
  const values = [...losses.values, loss];
  if (values.length < MOST) return { ...losses, values };
  const thinned = Array.from({ length: MOST / 2 }, (_, i) => {
    const [first = null, second = null] = values.slice(2 * i, 2 * i + 2);
    return first === null || second === null ? null : (first + second) / 2;
  });
  return { ...losses, values: thinned, every: losses.every * 2 };
}
