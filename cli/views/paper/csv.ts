/** One record a cell, for a spreadsheet or a data frame. Scores are times 100. */
import type { AverageCell, MeasuredCell, MeasuredTable } from "../../paper/measured-table.js";
import { csvRecord } from "../parts/csv.js";
import { AVERAGE } from "./words.js";

const HEAD = [
  ...[
    "table",
    "row",
    "method",
    "params",
    "column",
    "task",
    "metric",
    "model",
    "score",
    "published",
    "verdict",
    "reason",
  ],
  ...["mean", "low", "high", "sd", "n", "seeds", "gap", "trainable_parameters", "experiment"],
  ...["merges", "injections", "grid_cells", "optimism", "optimism_by"],
];

/** Lines end in CR LF, as RFC 4180 says. */
export function paperCsv(table: MeasuredTable): string {
  const records = table.rows.flatMap((row) => {
    const start = [table.table, row.id, row.label, row.params.published];
    const cells = row.cells.map((cell, at) => {
      const column = table.columns[at];
      return [...start, column?.name, column?.task, column?.metric, ...judged(table, cell), ...runsOf(cell)];
    });
    return [...cells, [...start, AVERAGE, null, null, ...judged(table, row.average)]];
  });
  return [HEAD, ...records].map((record) => csvRecord(HEAD.map((_, at) => record[at] ?? null))).join("\r\n");
}

function judged({ model, score }: MeasuredTable, { published, verdict, reason, measured }: AverageCell): unknown[] {
  const { mean, low, high, sd, n } = measured ?? {};
  return [model.measured, score, published, verdict, reason, mean, low, high, sd, n ?? 0];
}

function runsOf({ scores, gap, trainable_parameters, experiment, choice }: MeasuredCell): unknown[] {
  const { merges, injections, cells, optimism, by } = choice ?? {};
  const seeds = scores.map(({ seed }) => seed).join(" ");
  return [seeds, gap, trainable_parameters, experiment, merges, injections, cells, optimism, by];
}
