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

/** From each row's label and prediction to the score of a sample. */
type Score = (labels: Float64Array, said: Float64Array) => Items["score"];

/** A text says why if the score cannot be computed from rows here. */
export function itemsOf(answers: Answers): Items | string {
  const { score, kind, columns } = answers;
  // The worker names a score of one part of the rows `score_part`.
  const part = answers.parts.find((name) => score.endsWith(`_${name}`)) ?? null;
  const base = part === null ? score : score.slice(0, -part.length - 1);
  const own = partOf(answers, part);
  const of = kind === "classify" ? CLASSES[base]?.(columns) : kind === "regress" ? VALUES[base] : LISTS[base];
  if (!of || own.length === 0) return `${score} is not computed on a part of the rows`;
  const [labels, said] = [new Float64Array(own.length), new Float64Array(own.length)];
  for (const [at, row] of own.entries()) [labels[at], said[at]] = pairOf(answers, row);
  return { rows: own.length, score: of(labels, said) };
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
  (labels, said) => {
    const values = labels.map((label, row) => each(label, said[row] ?? 0));
    return (sample) => {
      let sum = 0;
      for (let i = 0; i < sample.length; i++) sum += values[sample[i] ?? 0] ?? 0;
      return sum / sample.length;
    };
  };

const accuracy = meanOf((label, said) => (label === said ? 1 : 0));

const LISTS: Record<string, Score> = { accuracy };

/** From the means of both, of their squares and of their products, both taken from their middles so that digits stay. */
const pearson: Score = (labels, said) => {
  const [a, b] = [mean([...labels]), mean([...said])];
  const products = [
    meanOf((label) => label - a),
    meanOf((_, value) => value - b),
    meanOf((label, value) => (label - a) * (value - b)),
    meanOf((label) => (label - a) ** 2),
    meanOf((_, value) => (value - b) ** 2),
  ].map((of) => of(labels, said));
  return (sample) => {
    const [la = 0, sb = 0, ls = 0, ll = 0, ss = 0] = products.map((of) => of(sample));
    const below = (ll - la * la) * (ss - sb * sb);
    return below <= 1e-24 ? 0 : (ls - la * sb) / Math.sqrt(below);
  };
};

const VALUES: Record<string, Score> = {
  mse: meanOf((label, said) => (said - label) ** 2),
  mae: meanOf((label, said) => Math.abs(said - label)),
  pearson,
};

/** How many rows have each class, are said to have it, and both. */
function classesOf(columns: number, labels: Float64Array, said: Float64Array, sample: ArrayLike<number>): Class[] {
  const classes = Array.from({ length: columns }, () => ({ hits: 0, support: 0, predicted: 0 }));
  for (let i = 0; i < sample.length; i++) {
    const row = sample[i] ?? 0;
    const [label, prediction] = [classes[labels[row] ?? -1], classes[said[row] ?? -1]];
    if (!label || !prediction) continue;
    label.support++;
    prediction.predicted++;
    if (label === prediction) label.hits++;
  }
  return classes;
}

interface Class {
  hits: number;
  support: number;
  predicted: number;
}

const f1 = ({ hits, support, predicted }: Class) => (2 * hits) / Math.max(support + predicted, 1);

const ofClasses =
  (score: (classes: Class[]) => number) =>
  (columns: number): Score =>
  (labels, said) =>
  (sample) =>
    score(classesOf(columns, labels, said, sample));

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
