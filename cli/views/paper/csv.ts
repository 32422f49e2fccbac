/** One record for each cell, for a spreadsheet or a data frame. Scores are times 100. */
import type { AverageCell, MeasuredCell, MeasuredTable } from "../../paper/measured-table.js";
import { csvText } from "../parts/csv.js";
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
  ...["mean", "low", "high", "sd", "n", "seeds", "gap", "trainable_parameters", "standard_error", "experiment"],
  ...["merges", "injections", "grid_cells", "optimism", "optimism_by", "corrected"],
];

/** Lines end in CR LF; the caller adds the last LF. */
export function paperCsv(table: MeasuredTable): string {
  const records = table.rows.flatMap((row) => {
    const start = [table.table, row.id, row.label, row.params.published];
    const cells = row.cells.map((cell, at) => {
      const column = table.columns[at];
      return [...start, column?.name, column?.task, column?.metric, ...judged(table, cell), ...runsOf(cell)];
    });
    return [...cells, [...start, AVERAGE, null, null, ...judged(table, row.average)]];
  });
  return csvText([HEAD, ...records].map((record) => HEAD.map((_, at) => record[at] ?? null))).slice(0, -1);
}

function judged({ model, score }: MeasuredTable, { published, verdict, reason, measured }: AverageCell): unknown[] {
  const { mean, low, high, sd, n } = measured ?? {};
  return [model.measured, score, published, verdict, reason, mean, low, high, sd, n ?? 0];
}

function runsOf({ scores, gap, trainable_parameters, standard_error, experiment, choice }: MeasuredCell): unknown[] {
  const { merges, injections, cells, optimism, by, honest } = choice ?? {};
  const seeds = scores.map(({ seed }) => seed).join(" ");
  return [
    seeds,
    gap,
    trainable_parameters,
    standard_error,
    experiment,
    merges,
    injections,
    cells,
    optimism,
    by,
    honest,
  ];
}
