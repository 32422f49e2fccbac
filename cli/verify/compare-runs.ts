import type { Tolerance } from "./basis.js";

/** One measured value; `null` if it was not a finite number. */
export interface Measured {
  split: string;
  name: string;
  step: number;
  value: number | null;
}

export interface Difference {
  step: number;
  split: string;
  name: string;
  /** Undefined if this side has no such value. */
  stored: number | null | undefined;
  again: number | null | undefined;
}

/** Values in which two trainings of a cell must agree; times and speeds may differ. */
const evaluated = (name: string): boolean => !/second|speed|tokens|memory/.test(name);
const COMPARED: Record<string, (name: string) => boolean> = {
  train: (name) => name === "loss" || name === "grad_norm" || name === "learning_rate",
  eval: evaluated,
  holdout: evaluated,
};

/** Whether two trainings of a cell must agree in a value. */
export const isCompared = ({ split, name }: Pick<Measured, "split" | "name">): boolean =>
  COMPARED[split]?.(name) ?? false;

/**
 * Where two series of values differ, by step; values are equal when |a - b| <= tolerance * max(1, |a|). A value that
 * only one side has is a difference. `common`: values that both have.
 */
export function differences(
  stored: readonly Measured[],
  again: readonly Measured[],
  tolerance: Tolerance,
): { compared: number; common: number; differences: Difference[] } {
  const [left, right] = [index(stored), index(again)];
  const found: Difference[] = [];
  let compared = 0;
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const [a, b] = [left.get(key), right.get(key)];
    const one = a ?? b;
    if (!one) continue;
    compared++;
    if (a && b && same(a.value, b.value, limitOf(one, tolerance))) continue;
    found.push({ step: one.step, split: one.split, name: one.name, stored: a?.value, again: b?.value });
  }
  found.sort((x, y) => x.step - y.step || order(x) - order(y) || (x.name < y.name ? -1 : 1));
  const common = [...left.keys()].filter((key) => right.has(key)).length;
  return { compared, common, differences: found };
}

function index(values: readonly Measured[]): Map<string, Measured> {
  return new Map(values.filter(isCompared).map((value) => [`${value.split} ${value.name} ${value.step}`, value]));
}

const limitOf = ({ split, name }: Measured, { losses, scores }: Tolerance): number =>
  split === "train" || name === "loss" ? losses : scores;

function same(a: number | null, b: number | null, tolerance: number): boolean {
  if (a === null || b === null) return a === b;
  return Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a));
}

/** At the same step training comes before evaluation. */
const order = ({ split }: Difference): number => (split === "train" ? 0 : 1);
