/** Newest training losses, thinned to a bounded number; null: not finite. */
export interface Losses {
  readonly values: readonly (number | null)[];
  /** Progress events that one value stands for. */
  readonly every: number;
  readonly seen: number;
}

/** Twice the width of any terminal is enough for a sparkline. */
const MOST = 512;

export const NO_LOSSES: Losses = { values: [], every: 1, seen: 0 };

/** Without a value there is nothing to draw: evaluation, or before the first step. Divergence comes with `metrics`. */
export function withLoss(losses: Losses, loss: number | null): Losses {
  if (loss === null) return losses;
  const seen = losses.seen + 1;
  return seen % losses.every === 0 ? push({ ...losses, seen }, loss) : { ...losses, seen };
}

export const withDivergence = (losses: Losses): Losses => push(losses, null);

/** When full, pairs become their mean and from then on every second one comes: bounded, and even over the whole run. */
function push(losses: Losses, loss: number | null): Losses {
  const values = [...losses.values, loss];
  if (values.length < MOST) return { ...losses, values };
  const thinned = Array.from({ length: MOST / 2 }, (_, i) => {
    const [first = null, second = null] = values.slice(2 * i, 2 * i + 2);
    return first === null || second === null ? null : (first + second) / 2;
  });
  return { ...losses, values: thinned, every: losses.every * 2 };
}
