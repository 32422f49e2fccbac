import type { Point } from "../../../views/parts/chart.js";

const known = new WeakMap<readonly Point[], Map<number, readonly Point[]>>();

/**
 * TensorBoard's smoothing: an exponential moving average with the bias of its start taken out, so that it begins at the
 * first value and not at zero. Values that are not finite stay as they are and do not count.
 */
export function smoothed(points: readonly Point[], weight: number): readonly Point[] {
  if (weight === 0) return points;
  const made = known.get(points) ?? new Map<number, readonly Point[]>();
  known.set(points, made);
  let result = made.get(weight);
  if (!result) {
    let average = 0;
    let left = 1; // weight ** values so far
    result = points.map((point) => {
      if (point.y === null) return point;
      average = average * weight + (1 - weight) * point.y;
      left *= weight;
      return { x: point.x, y: average / (1 - left) };
    });
    made.set(weight, result);
  }
  return result;
}
