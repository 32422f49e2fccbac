/** Two measures of the same runs, and which rows no other row beats in both. */
import type { CompareColumn } from "../compare/data.js";

export interface ParetoData {
  /** Which runs were asked for. */
  of: string;
  sets: ParetoSet[];
}

/** Rows that are compared with each other: they are scored alike on the same rows. */
export interface ParetoSet {
  task: string;
  score_name: string | null;
  eval_rows: number | null;
  x: ParetoAxis;
  y: ParetoAxis;
  /** By x, the better first. */
  points: ParetoPoint[];
  /** Names of rows that have not both measures, or no finished run. */
  without: string[];
}

export interface ParetoAxis {
  key: string;
  heading: string;
  better: "higher" | "lower";
  unit: CompareColumn["unit"];
}

export interface ParetoPoint {
  name: string;
  runs: string[];
  /** Seeds with the score. */
  n: number;
  /** Means over the seeds. */
  x: number;
  y: number;
  /** The 95 % interval of the mean of y; null for one seed. */
  y_low: number | null;
  y_high: number | null;
  /** Whether no other row is at least as good in both measures and better in one. */
  front: boolean;
  /** The name of such a row, the best of them in y. */
  dominated_by: string | null;
}

type Place = Pick<ParetoPoint, "name" | "x" | "y">;

/** Marks the front. Rows that are equal in both measures do not dominate each other. */
export function marked<Point extends Place>(
  points: readonly Point[],
  x: Pick<ParetoAxis, "better">,
  y: Pick<ParetoAxis, "better">,
): (Point & Pick<ParetoPoint, "front" | "dominated_by">)[] {
  const gain = (axis: Pick<ParetoAxis, "better">, own: number, other: number) =>
    axis.better === "higher" ? own - other : other - own;
  return points.map((point) => {
    const stronger = points.filter((other) => {
      const [inX, inY] = [gain(x, other.x, point.x), gain(y, other.y, point.y)];
      return inX >= 0 && inY >= 0 && (inX > 0 || inY > 0);
    });
    const [best] = stronger.toSorted((a, b) => gain(y, b.y, a.y) || gain(x, b.x, a.x));
    return { ...point, front: best === undefined, dominated_by: best?.name ?? null };
  });
}
