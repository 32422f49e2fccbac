import type { Predictions } from "../../store/predictions.js";

export interface LabelScores {
  label: string;
  precision: number;
  recall: number;
  f1: number;
  /** Rows that have the label. */
  support: number;
  /** Rows that are predicted to have it. */
  predicted: number;
}

export type Mean = Pick<LabelScores, "precision" | "recall" | "f1">;

interface Confused {
  label: string;
  predicted: string;
  rows: number;
  /** The first of them, from 1 among the evaluation rows. */
  first: number[];
}

interface Base {
  rows: number;
  score_name: string;
  epoch: number;
}

/** Share of rows whose prediction is right, by part of the rows; for lists of labels, right in all labels. */
interface Right extends Base {
  accuracy: number;
  parts: { part: string; rows: number; accuracy: number }[];
  labels: LabelScores[];
  macro: Mean;
  weighted: Mean;
}

export interface ClassReport extends Right {
  kind: "classify";
  /** matrix[label][prediction]: rows. */
  matrix: number[][];
  /** Pairs of a label and another prediction, most rows first. */
  confused: Confused[];
}

export interface LabelsReport extends Right {
  kind: "multi_label";
  micro: Mean;
}

/** An error is the prediction minus the label. */
export interface ErrorReport extends Base {
  kind: "regress";
  mean_error: number;
  mae: number;
  mse: number;
  quantiles: { share: number; error: number }[];
  /** The largest errors. `row` from 1 among the evaluation rows. */
  largest: { row: number; label: number; predicted: number; error: number }[];
  /** [label, prediction] of rows spread evenly, for the picture. */
  points: [number, number][];
}

export type Report = ClassReport | LabelsReport | ErrorReport;

const FIRST_ROWS = 5;
const LARGEST = 10;
const POINTS = 2000;
const SHARES = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1];

export function reportOf(stored: Predictions): Report {
  if (stored.kind === "regress") return errors(stored);
  return stored.kind === "classify" ? classes(stored) : labelSets(stored);
}

const baseOf = ({ rows, score, epoch }: Predictions): Base => ({ rows, score_name: score, epoch });

function classes(stored: Predictions): ClassReport {
  const { rows, columns, scores, labels, label_names: names } = stored;
  const matrix = names.map(() => names.map(() => 0));
  const first = new Map<number, number[]>();
  const right = new Uint8Array(rows);
  for (let i = 0; i < rows; i++) {
    const predicted = highest(scores, i * columns, columns);
    const label = labels[i] ?? 0;
    const counts = matrix[label];
    if (!counts) throw new Error(`row ${i + 1} has the class ${label} of ${names.length}`);
    counts[predicted] = (counts[predicted] ?? 0) + 1;
    right[i] = Number(predicted === label);
    if (predicted === label) continue;
    const pair = label * columns + predicted;
    const known = first.get(pair) ?? [];
    if (known.length < FIRST_ROWS) first.set(pair, [...known, (stored.row[i] ?? i) + 1]);
  }
  const counts = names.map((label, i) => ({
    label,
    hits: matrix[i]?.[i] ?? 0,
    support: sum(matrix[i] ?? []),
    predicted: sum(matrix.map((row) => row[i] ?? 0)),
  }));
  const confused = [...first].map(([pair, rowsOf]): Confused => {
    const [label, predicted] = [Math.floor(pair / columns), pair % columns];
    return {
      label: names[label] ?? "",
      predicted: names[predicted] ?? "",
      rows: matrix[label]?.[predicted] ?? 0,
      first: rowsOf,
    };
  });
  confused.sort((a, b) => b.rows - a.rows);
  return { kind: "classify", ...baseOf(stored), ...rightOf(stored, right), ...meansOf(counts), matrix, confused };
}

function labelSets(stored: Predictions): LabelsReport {
  const { rows, columns, scores, labels, label_names: names } = stored;
  const counts = names.map((label) => ({ label, hits: 0, support: 0, predicted: 0 }));
  const right = new Uint8Array(rows).fill(1);
  for (let i = 0; i < rows * columns; i++) {
    const [label, predicted] = [labels[i] === 1, (scores[i] ?? 0) > 0];
    const count = counts[i % columns];
    if (!count) continue;
    count.hits += Number(label && predicted);
    count.support += Number(label);
    count.predicted += Number(predicted);
    if (label !== predicted) right[Math.floor(i / columns)] = 0;
  }
  const total = (key: "hits" | "support" | "predicted") => sum(counts.map((count) => count[key]));
  const micro = scoresOf({ label: "", hits: total("hits"), support: total("support"), predicted: total("predicted") });
  const { precision, recall, f1 } = micro;
  return {
    kind: "multi_label",
    ...baseOf(stored),
    ...rightOf(stored, right),
    ...meansOf(counts),
    micro: { precision, recall, f1 },
  };
}

function rightOf({ part, parts, rows }: Predictions, right: Uint8Array): Pick<Right, "accuracy" | "parts"> {
  const of = (chosen: (i: number) => boolean) => {
    const picked = right.filter((_, i) => chosen(i));
    return { rows: picked.length, accuracy: ratio(sum(picked), picked.length) };
  };
  const each = part ? parts.map((name, index) => ({ part: name, ...of((i) => part[i] === index) })) : [];
  return { accuracy: ratio(sum(right), rows), parts: each };
}

interface Count {
  label: string;
  hits: number;
  support: number;
  predicted: number;
}

/** As scikit-learn's `classification_report` with `zero_division=0`. */
function scoresOf({ label, hits, support, predicted }: Count): LabelScores {
  const [precision, recall] = [ratio(hits, predicted), ratio(hits, support)];
  return { label, precision, recall, f1: ratio(2 * hits, support + predicted), support, predicted };
}

function meansOf(counts: readonly Count[]): Pick<Right, "labels" | "macro" | "weighted"> {
  const labels = counts.map(scoresOf);
  const mean = (weight: (one: LabelScores) => number): Mean => {
    const all = sum(labels.map(weight));
    const of = (key: keyof Mean) => ratio(sum(labels.map((one) => one[key] * weight(one))), all);
    return { precision: of("precision"), recall: of("recall"), f1: of("f1") };
  };
  return { labels, macro: mean(() => 1), weighted: mean(({ support }) => support) };
}

function errors(stored: Predictions): ErrorReport {
  const { rows, labels, scores } = stored;
  const all = Array.from(labels, (label, i) => (scores[i] ?? 0) - label);
  const sorted = Float64Array.from(all).sort();
  const order = [...all.keys()].sort((a, b) => Math.abs(all[b] ?? 0) - Math.abs(all[a] ?? 0));
  const shown = Math.min(rows, POINTS);
  return {
    kind: "regress",
    ...baseOf(stored),
    mean_error: ratio(sum(all), rows),
    mae: ratio(sum(all.map(Math.abs)), rows),
    mse: ratio(sum(all.map((error) => error * error)), rows),
    quantiles: SHARES.map((share) => ({ share, error: quantile(sorted, share) })),
    largest: order.slice(0, LARGEST).map((i) => ({
      row: (stored.row[i] ?? i) + 1,
      label: labels[i] ?? 0,
      predicted: scores[i] ?? 0,
      error: all[i] ?? 0,
    })),
    points: Array.from({ length: shown }, (_, k): [number, number] => {
      const i = Math.floor((k * rows) / shown);
      return [labels[i] ?? 0, scores[i] ?? 0];
    }),
  };
}

/** Linear between the two values beside it, as numpy's default. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)] ?? 0, sorted[Math.ceil(at)] ?? 0];
  return low + (high - low) * (at - Math.floor(at));
}

/** The first of equal ones. */
function highest(scores: Float32Array, from: number, count: number): number {
  let best = 0;
  for (let j = 1; j < count; j++) if ((scores[from + j] ?? 0) > (scores[from + best] ?? 0)) best = j;
  return best;
}

const ratio = (part: number, of: number): number => (of === 0 ? 0 : part / of);

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
