import type { Column } from "./names.js";

/** Share of one file's rows that is split off for evaluation. */
export const DEV_ROWS = 0.2;
/** Longer texts are cut unless the user asks for more: time grows with it. */
const LONGEST = 256;
const SHORTEST = 16;
/** Tokens per word where no tokenizer has counted, and tokens that it adds. */
const PER_WORD = 1.5;
const SPECIAL = 2;

export interface Lengths {
  max_length: number;
  /** Tokens that 99 % of the rows do not exceed. */
  p99: number;
}

/** A `max_length` that cuts about one row in a hundred at most; the sum over columns is an upper bound for a row. */
export function lengthsFor(columns: readonly Column[]): Lengths {
  const p99 = columns.reduce(
    (sum, { tokens, words }) => sum + (tokens?.p99 ?? Math.ceil(words * PER_WORD * 2) + SPECIAL),
    0,
  );
  return { max_length: Math.min(LONGEST, Math.max(SHORTEST, Math.ceil(p99 / 8) * 8)), p99 };
}

export interface Budget {
  num_train_epochs: number;
  batch_size: number;
}

/** Few rows need many epochs of small batches, or there are too few steps to learn anything. */
const BUDGETS: readonly [rows: number, budget: Budget][] = [
  [500, { num_train_epochs: 10, batch_size: 8 }],
  [2000, { num_train_epochs: 6, batch_size: 16 }],
  [20_000, { num_train_epochs: 4, batch_size: 32 }],
  [100_000, { num_train_epochs: 2, batch_size: 32 }],
];

export function budgetFor(trainRows: number): Budget {
  const found = BUDGETS.find(([rows]) => trainRows < rows);
  return found?.[1] ?? { num_train_epochs: 1, batch_size: 64 };
}
