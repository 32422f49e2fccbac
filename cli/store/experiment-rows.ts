/** Rows about experiments and their grids, see rows.ts. */
import { z } from "zod";
import { keep } from "../spec/keep-schema.js";
import { axes, flag, number, StoredState, text } from "./columns.js";

export const ExperimentRow = z.strictObject({
  id: number,
  name: text,
  spec_file: text.nullable(),
  spec_text: text,
  /** JSON list of the `--set` arguments of the command line. */
  sets: text,
  /** JSON of what is evaluated after training; null: nothing. */
  evaluate: text.nullable(),
  /** Which adapters stay when a job is over. */
  keep_adapters: keep.shape.adapters,
  /** Which checkpoints are written. */
  keep_checkpoints: keep.shape.checkpoints,
  created_at: text,
  last_run_at: text,
  cells: number,
  finished: number,
  running: number,
});
export type ExperimentRow = z.infer<typeof ExperimentRow>;

export const ExperimentCellRow = z.strictObject({
  position: number,
  run: text,
  label: text,
  axes: axes,
});
export type ExperimentCellRow = z.infer<typeof ExperimentCellRow>;

/** A run of an experiment, as a grid shows it. `value` and `so_far` are of the metric that was asked for. */
export const GridCellRow = z.strictObject({
  position: number,
  run: text,
  label: text,
  axes: axes,
  model: text,
  task: text,
  method: text,
  seed: number,
  state: StoredState,
  /** Whether an attempt is in training, even if an older one is finished. */
  running: flag,
  score_name: text.nullable(),
  majority_score: number.nullable(),
  /** Of the current attempt if it is finished; null if the value is not a finite number. */
  value: number.nullable(),
  /** Its score on the held-out part of train, which chose the epoch; null if the evaluation rows chose it. */
  held_out: number.nullable(),
  /** From the newest evaluation of the attempt in training, else of the current one if it did not finish. */
  so_far: number.nullable(),
  /** Trained at the end, without the head. */
  parameters: number.nullable(),
  settings: z.record(text, z.unknown()),
  /** The structural changes of the current attempt, as text. Equal changes give equal text. */
  changes: text,
  error_type: text.nullable(),
  message: text.nullable(),
  numerics: number,
});
export type GridCellRow = z.infer<typeof GridCellRow>;

/** A combination of a sweep that is not trained. */
export const LeftOutRow = z.strictObject({
  axes: axes,
  reason: text,
});
export type LeftOutRow = z.infer<typeof LeftOutRow>;

/** An axis of an experiment: a setting with several values. */
export const AxisRow = z.strictObject({
  experiment: number,
  name: text,
  axis: text,
  /** Whether all of its values are numbers. */
  numeric: flag,
});
export type AxisRow = z.infer<typeof AxisRow>;
