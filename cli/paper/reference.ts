/** The published tables: results/reference/paper-tables.json, checked as it is read. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { packageFile } from "../spec/package-files.js";

export const TABLES = ["table1", "table2"] as const;
export type TableName = (typeof TABLES)[number];

const range = z.tuple([z.int(), z.int()]);

const column = z.strictObject({
  name: z.string(),
  task: z.string(),
  metric: z.string(),
  metric_source: z.string(),
  /** Rows of the official dev set, or those of a benchmark that are scored. */
  eval_rows: z.int().optional(),
  /** Keys of `train` as the published script sets them. */
  training: z.record(z.string(), z.number()).optional(),
});

const row = z.strictObject({
  id: z.string(),
  label: z.string(),
  /** As printed; null for a dash. */
  params: z.string().nullable(),
  params_with_head: z.boolean().optional(),
  /** What the printed number counts, if that is not what `lor2c params` counts. */
  params_note: z.string().optional(),
  /** Method settings of the row: a run has one of them. Empty if nothing is trained. */
  methods: z.array(z.looseObject({ name: z.string() })),
  /** Settings with which another method trains what the row's first method does: a cell without other runs takes these. */
  same_structure: z.array(z.looseObject({ name: z.string() })).default([]),
  /** `model.quantization` of the row's runs. */
  quantization: z.literal(["none", "nf4"]).default("none"),
  /** By task, times 100. */
  scores: z.record(z.string(), z.number()),
  average: z.number(),
  /** The mean of the printed scores, if the printed average is another number. */
  average_of_cells: z.number().optional(),
  /** The score is the best of this grid of merges x injections. */
  best_of_grid: z.strictObject({ merges: range, injections: range }).optional(),
  /** By task: the best cell of the grid, as far as the paper says. */
  published_best: z.record(z.string(), z.record(z.string(), z.int())).optional(),
});

const table = z.strictObject({
  number: z.string(),
  title: z.string(),
  model: z.string(),
  /** The protocol of evaluation whose scores are the columns; without one the runs' own scores are. */
  protocol: z.string().optional(),
  /** Decimals of every score. */
  decimals: z.int(),
  columns: z.array(column),
  rows: z.array(row),
  notes: z.array(z.string()),
});

const file = z.strictObject({
  source: z.strictObject({ paper: z.string(), code: z.string(), note: z.string() }),
  tables: z.strictObject({ table1: table, table2: table }),
});

export type PaperColumn = z.infer<typeof column>;
export type PaperRow = z.infer<typeof row>;
export type PaperTable = z.infer<typeof table>;
export type PaperTables = z.infer<typeof file>;

const referenceFile = (): string => packageFile("results", "reference", "paper-tables.json");

export function paperTables(): PaperTables {
  return file.parse(JSON.parse(readFileSync(referenceFile(), "utf8")));
}

/** Two rows of Table I have the same name; these get their size. */
export function rowName(table: Pick<PaperTable, "rows">, row: Pick<PaperRow, "label" | "params">): string {
  const same = table.rows.filter(({ label }) => label === row.label).length;
  return same > 1 ? `${row.label} ${row.params}` : row.label;
}
