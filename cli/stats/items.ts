/** Scores of any sample of a run's evaluation rows, from what it predicted for each. Pure. */
import { mean } from "./mean.js";

/** A run's evaluation rows. Runs on the same rows have the same row at the same place. */
export interface Items {
  rows: number;
  /** The run's score on these rows, each given by its place from 0; a row may come several times. */
  score(sample: ArrayLike<number>): number;
}

/** What was predicted for each of N rows, as it is stored. */
export interface Answers {
  kind: "classify" | "regress" | "multi_label";
  /** Name of the score, as `accuracy`, or `accuracy_mm` for one part of the rows. */
  score: string;
  /** [N] classes or values; [N * C] zeros and ones. */
  labels: ArrayLike<number>;
  /** [N * C] logits, or values. */
  scores: ArrayLike<number>;
  /** C. */
  columns: number;
  rows: number;
  part: ArrayLike<number> | null;
  parts: readonly string[];
}

type Score = (labels: Float64Array, said: Float64Array, sample: ArrayLike<number>) => number;

/** A text says why if the score cannot be computed from rows here. */
export function itemsOf(answers: Answers): Items | string {
  const { score, kind, columns } = answers;
  const [, base = "", part] = /^(.*?)(?:_(mm|m))?$/.exec(score) ?? [];
  const own = partOf(answers, part ?? null);
  const of = kind === "classify" ? CLASSES[base]?.(columns) : kind === "regress" ? VALUES[base] : LISTS[base];
  if (!of || own.length === 0) return `${score} is not computed on a part of the rows`;
  const [labels, said] = [new Float64Array(own.length), new Float64Array(own.length)];
  for (const [at, row] of own.entries()) [labels[at], said[at]] = pairOf(answers, row);
  return { rows: own.length, score: (sample) => of(labels, said, sample) };
}

/** The rows that a score is about. */
function partOf({ rows, part, parts }: Answers, name: string | null): number[] {
  const all = Array.from({ length: rows }, (_, row) => row);
  return name === null ? all : all.filter((row) => parts[part?.[row] ?? -1] === name);
}

/** Label and prediction of a row; of a list of labels 1 and whether all of it is right. */
function pairOf({ kind, labels, scores, columns }: Answers, row: number): [number, number] {
  const first = row * columns;
  if (kind === "regress") return [labels[row] ?? Number.NaN, scores[row] ?? Number.NaN];
  if (kind === "multi_label") {
    const places = Array.from({ length: columns }, (_, column) => first + column);
    return [1, Number(places.every((at) => labels[at] === Number((scores[at] ?? 0) > 0)))];
  }
  let highest = 0;
  for (let column = 1; column < columns; column++) {
    if ((scores[first + column] ?? 0) > (scores[first + highest] ?? 0)) highest = column;
  }
  return [labels[row] ?? Number.NaN, highest];
}

/** Mean over the sample of what a row's label and prediction say. */
const meanOf =
  (each: (label: number, said: number) => number): Score =>
  (labels, said, sample) => {
    let sum = 0;
    for (let i = 0; i < sample.length; i++) {
      const row = sample[i] ?? 0;
      sum += each(labels[row] ?? 0, said[row] ?? 0);
    }
    return sum / sample.length;
  };

const accuracy = meanOf((label, said) => (label === said ? 1 : 0));

const LISTS: Record<string, Score> = { accuracy };

const VALUES: Record<string, Score> = {
  mse: meanOf((label, said) => (said - label) ** 2),
  mae: meanOf((label, said) => Math.abs(said - label)),
  pearson: (labels, said, sample) => {
    const middle = [meanOf((label) => label), meanOf((_, value) => value)].map((of) => of(labels, said, sample));
    const [a = 0, b = 0] = middle;
    const [ab, aa, bb] = [
      meanOf((label, value) => (label - a) * (value - b)),
      meanOf((label) => (label - a) ** 2),
      meanOf((_, value) => (value - b) ** 2),
    ].map((of) => of(labels, said, sample)) as [number, number, number];
    return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
  },
};

/** How many rows of each class (row) were said to be of each class (column). */
class Confusion {
  readonly counts: Float64Array;
  constructor(
    readonly classes: number,
    labels: Float64Array,
    said: Float64Array,
    sample: ArrayLike<number>,
  ) {
    this.counts = new Float64Array(classes * classes);
    for (let i = 0; i < sample.length; i++) {
      const row = sample[i] ?? 0;
      const at = (labels[row] ?? 0) * classes + (said[row] ?? 0);
      this.counts[at] = (this.counts[at] ?? 0) + 1;
    }
  }
  each = () =>
    Array.from({ length: this.classes }, (_, kind) => {
      const others = [...Array(this.classes).keys()];
      const sum = (at: (other: number) => number) =>
        others.reduce((total, other) => total + (this.counts[at(other)] ?? 0), 0);
      return {
        hits: this.counts[kind * this.classes + kind] ?? 0,
        support: sum((other) => kind * this.classes + other),
        predicted: sum((other) => other * this.classes + kind),
      };
    });
}

type Class = ReturnType<Confusion["each"]>[number];

const f1 = ({ hits, support, predicted }: Class) => (2 * hits) / Math.max(support + predicted, 1);

const ofClasses =
  (score: (classes: Class[]) => number) =>
  (columns: number): Score =>
  (labels, said, sample) =>
    score(new Confusion(columns, labels, said, sample).each());

/** As the worker computes them (evaluation/scoring.py): a class without rows and predictions is in no mean. */
const macro = (classes: Class[]) => mean(classes.filter((one) => one.support + one.predicted > 0).map(f1));

const CLASSES: Record<string, (columns: number) => Score> = {
  accuracy: () => accuracy,
  f1: ofClasses((classes) => (classes.length === 2 && classes[1] ? f1(classes[1]) : macro(classes))),
  f1_macro: ofClasses(macro),
  balanced_accuracy: ofClasses((classes) =>
    mean(classes.filter(({ support }) => support > 0).map(({ hits, support }) => hits / support)),
  ),
  matthews: ofClasses((classes) => {
    const sum = (of: (one: Class) => number) => classes.reduce((total, one) => total + of(one), 0);
    const [rows, right] = [sum((one) => one.support), sum((one) => one.hits)];
    const spread = (of: (one: Class) => number) => rows ** 2 - sum((one) => of(one) ** 2);
    const below = Math.sqrt(spread((one) => one.support) * spread((one) => one.predicted));
    return below === 0 ? 0 : (right * rows - sum((one) => one.support * one.predicted)) / below;
  }),
};
