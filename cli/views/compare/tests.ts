/** Whether the rows of a comparison differ: tests over seeds against one of them. Pure. */
import type { BootstrapDifference } from "../../stats/bootstrap.js";
import { equivalence, MARGIN } from "../../stats/equivalence.js";
import { holm } from "../../stats/holm.js";
import { LEVEL, type MeanInterval, meanInterval } from "../../stats/mean-interval.js";
import { type Settling, seedsToSettle } from "../../stats/seeds-to-settle.js";
import { signFlip } from "../../stats/sign-flip.js";

/** A row to test: its finished runs' values by seed. */
export interface Tested {
  name: string;
  values: ReadonlyMap<number, number>;
}

/** `same`: within the margin. `open`: neither a difference nor sameness is shown. `refused`: not tested. */
export type Verdict = "better" | "worse" | "same" | "open" | "refused";

export interface RowTest {
  name: string;
  /** Why the row is not tested; else null. */
  refused: string | null;
  /** The row minus the one that it is tested against, over their common seeds. */
  difference: MeanInterval | null;
  /** Of the exact sign-flip test, and corrected for all tests of the table. */
  p: number | null;
  corrected: number | null;
  /** The smallest corrected p that these many pairs and tests can give. */
  smallest: number | null;
  /** The p of the equivalence test; at most 1 - level: the same within the margin. */
  equivalence: number | null;
  verdict: Verdict;
  /** How many seeds would settle it, if the differences go on as they were; null with fewer than two. */
  settle: Settling | null;
  /** The row minus the other on resampled evaluation rows, for the trainings as they are; null without predictions. */
  items: BootstrapDifference | null;
}

export interface Tests {
  /** The name of the row that the others are tested against, and why it. */
  against: string;
  as: "best" | "baseline";
  seeds: number[];
  /** Which column is tested, from 0. */
  column: number;
  level: number;
  /** Null: none was given, and the measure has no default. */
  margin: number | null;
  rows: RowTest[];
  /** Why there is no bootstrap over the evaluation rows; null where there is one, or where none was asked for. */
  no_items: string | null;
}

export interface TestOptions {
  /** A row's name; default: the best of those with the most seeds. */
  baseline: string | null;
  lowerIsBetter: boolean;
  column: number;
  margin?: number | undefined;
}

/** Null where there is nothing to test: fewer than two rows that have a value. */
export function testRows(rows: readonly Tested[], options: TestOptions): Tests | null {
  const { baseline, column, lowerIsBetter } = options;
  const known = rows.filter(({ values }) => values.size > 0);
  const against = baseline === null ? bestOf(known, lowerIsBetter) : known.find(({ name }) => name === baseline);
  if (against === undefined || known.length < 2) return null;
  const margin = options.margin ?? defaultMargin(known, lowerIsBetter);
  const pairs = rows.filter((row) => row !== against).map((row) => testPair(row, against, margin));
  const corrected = holm(pairs.flatMap(({ p }) => p ?? []));
  const tests = corrected.length;
  let next = 0;
  return {
    against: against.name,
    as: baseline === null ? "best" : "baseline",
    seeds: [...against.values.keys()].sort((a, b) => a - b),
    column,
    level: LEVEL,
    margin,
    no_items: null,
    rows: pairs.map((pair) => {
      if (pair.p === null) return { ...pair, corrected: null, smallest: null, verdict: "refused" };
      const found = { ...pair, corrected: corrected[next++] ?? 1, smallest: Math.min(1, (pair.smallest ?? 1) * tests) };
      return { ...found, verdict: verdictOf(found, lowerIsBetter) };
    }),
  };
}

/** A point of a score that is a share; what is a small difference of a loss or an error only the user can say. */
const defaultMargin = (rows: readonly Tested[], lowerIsBetter: boolean): number | null =>
  !lowerIsBetter && rows.every(({ values }) => [...values.values()].every((value) => Math.abs(value) <= 1))
    ? MARGIN
    : null;

/** Rows with fewer seeds than the fullest are not chosen from: the mean of few seeds depends more on luck. */
function bestOf<Row extends Tested>(rows: readonly Row[], lowerIsBetter: boolean): Row | undefined {
  const most = Math.max(0, ...rows.map(({ values }) => values.size));
  const sign = lowerIsBetter ? -1 : 1;
  const value = (row: Row) => sign * meanInterval([...row.values.values()]).mean;
  return rows
    .filter(({ values }) => values.size === most && most > 0)
    .reduce<Row | undefined>(
      (best, row) => (best === undefined || value(row) > value(best) + 1e-12 ? row : best),
      undefined,
    );
}

type Pair = Omit<RowTest, "corrected" | "verdict">;

function testPair({ name, values }: Tested, against: Tested, margin: number | null): Pair {
  const refusal = refuse(values, against);
  if (refusal !== null) {
    return {
      name,
      refused: refusal,
      difference: null,
      p: null,
      smallest: null,
      equivalence: null,
      settle: null,
      items: null,
    };
  }
  const differences = [...values].map(([seed, value]) => value - (against.values.get(seed) ?? Number.NaN));
  const flipped = signFlip(differences);
  return {
    name,
    refused: null,
    difference: meanInterval(differences),
    p: flipped?.p ?? null,
    smallest: flipped?.smallest ?? null,
    equivalence: margin === null ? null : (equivalence(differences, { margin })?.p ?? null),
    settle: seedsToSettle(differences, { margin: margin ?? undefined }),
    items: null,
  };
}

/** A test over some of the seeds would compare other trainings than the means do. */
function refuse(values: ReadonlyMap<number, number>, against: Tested): string | null {
  if (values.size === 0) return "no finished run has a value";
  const missing = [...against.values.keys()].filter((seed) => !values.has(seed));
  const more = [...values.keys()].filter((seed) => !against.values.has(seed));
  const parts = [
    ...(missing.length > 0 ? [`it has no ${seedsText(missing)}`] : []),
    ...(more.length > 0 ? [`${against.name} has no ${seedsText(more)}`] : []),
  ];
  if (parts.length > 0) return parts.join(", ");
  if (values.size === 1) return "one seed has no spread";
  // Runs that collapsed all have the score of one constant answer; that says nothing about other seeds.
  return new Set([...values.values(), ...against.values.values()]).size === 1 ? "no spread" : null;
}

const seedsText = (seeds: readonly number[]): string =>
  `seed${seeds.length === 1 ? "" : "s"} ${seeds.toSorted((a, b) => a - b).join(", ")}`;

function verdictOf({ corrected, difference, equivalence: p }: Omit<RowTest, "verdict">, lower: boolean): Verdict {
  const alpha = 1 - LEVEL + 1e-12;
  if (corrected !== null && corrected <= alpha && difference !== null) {
    return difference.mean > 0 === lower ? "worse" : "better";
  }
  return p !== null && p <= alpha ? "same" : "open";
}
