/** Rows about evaluations, see rows.ts. */
import { z } from "zod";
import { flag, number, text } from "./columns.js";

/** One benchmark of an adapter or an untuned model. Score and costs are null until all rows are scored. */
export const EvaluationRow = z.strictObject({
  key: text,
  model: text,
  model_hash: text,
  adapter_hash: text.nullable(),
  protocol: text,
  benchmark: text,
  data_hash: text,
  settings_hash: text,
  /** JSON of what was asked for: rows, seed, data and so on. */
  settings: text,
  metric: text,
  decoding: text,
  rows: number,
  all_rows: number,
  shots: number,
  cut_rows: number,
  max_new_tokens: number,
  /** Absolute. */
  folder: text,
  begun_at: text,
  ended_at: text.nullable(),
  score: number.nullable(),
  standard_error: number.nullable(),
  seconds: number.nullable(),
  prompt_tokens: number.nullable(),
  new_tokens: number.nullable(),
  samples_sha256: text.nullable(),
  message: text.nullable(),
  state: z.enum(["finished", "failed", "unfinished"]),
});

export const EvaluationTaskRow = z.strictObject({
  task: text,
  score: number,
  standard_error: number.nullable(),
  rows: number,
});

/** A scored row of a benchmark. */
export const SampleRow = z.strictObject({
  evaluation: text,
  protocol: text,
  benchmark: text,
  row: text,
  task: text,
  score: number,
  right: flag,
  gold: text.nullable(),
  output: text,
  detail: text.nullable(),
  shots: number,
  prompt_tokens: number,
  new_tokens: number,
  prompt_hash: text,
});
