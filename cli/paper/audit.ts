/** Which printed numbers of a table cannot be what they seem, by arithmetic alone. Pure. */
import { mean } from "../stats/mean.js";
import { type PaperColumn, type PaperTable, rowName } from "./reference.js";

export interface Audit {
  /** Scores that no number of right rows gives: not those of one evaluation, perhaps means over several. */
  scores: { row: string; column: string; score: number; rows: number }[];
  /** Averages that are not the mean of the row's printed scores, whatever was rounded away. */
  averages: { row: string; printed: number; mean: number }[];
}

/** Metrics whose score is the share of rows that are right. */
const SHARES = new Set(["accuracy", "exact_match", "pass_at_1"]);

export function audit(table: PaperTable): Audit {
  const rows = table.rows.map((row) => ({ row, name: rowName(table, row) }));
  return {
    scores: table.columns.flatMap((column) => {
      const count = shareOf(column);
      if (count === null) return [];
      return rows.flatMap(({ row, name }) => {
        const score = row.scores[column.task];
        if (score === undefined || isShare(score, count, table.decimals)) return [];
        return [{ row: name, column: column.name, score, rows: count }];
      });
    }),
    averages: rows.flatMap(({ row, name }) => {
      const found = mean(Object.values(row.scores));
      // Scores and average are rounded: both together move the difference by one unit of the last decimal at most.
      const adds = Math.abs(found - row.average) <= 10 ** -table.decimals + 1e-9;
      return adds ? [] : [{ row: name, printed: row.average, mean: found }];
    }),
  };
}

/** The number of rows of which a score of this column is a share; null where it is none, or that is not known. */
const shareOf = ({ metric, eval_rows }: PaperColumn): number | null => (SHARES.has(metric) && eval_rows) || null;

/** Whether some `k` of `rows` rows is printed as `score` (times 100, rounded to `decimals`). */
function isShare(score: number, rows: number, decimals: number): boolean {
  // A half may have been rounded up or down.
  const half = 10 ** -decimals / 2 + 1e-9;
  const nearest = Math.round((score / 100) * rows);
  return Math.abs((100 * nearest) / rows - score) <= half;
}

/** What `audit` found in the table as sentences, one for each column and average that is odd. */
export function auditNotes(table: PaperTable, { scores, averages }: Audit): string[] {
  const number = (value: number) => value.toFixed(table.decimals);
  const byColumn = table.columns.flatMap(({ name }) => {
    const odd = scores.filter(({ column }) => column === name);
    const [first] = odd;
    if (!first) return [];
    const printed = odd.map(({ row, score }) => `${number(score)} (${row})`).join(", ");
    return [
      `Audit: no number of right answers among ${first.rows.toLocaleString("en-US")} rows of ${name} gives ${printed}, so no single evaluation does.`,
    ];
  });
  const sums = averages.map(
    ({ row, printed, mean: found }) =>
      `Audit: the average of ${row} is printed as ${number(printed)}; its scores average ${found.toFixed(table.decimals + 1)}.`,
  );
  return [...byColumn, ...sums];
}
