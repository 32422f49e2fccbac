/**
 * The smallest and the largest value; [Infinity, -Infinity] without values. `Math.min(...values)` fails for many
 * values.
 */
export function extent(values: readonly number[]): [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}
