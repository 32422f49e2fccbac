import type { Store } from "./store.js";

/** One uninterrupted training of one or several runs, and what it cost. */
export interface MeasuredTraining {
  model: string;
  task: string;
  method: string;
  precision: string | null;
  max_length: number | null;
  batch_size: number;
  gradient_accumulation_steps: number;
  /** Optimizer steps between evaluations; null: one at the end of each epoch. */
  eval_steps: number | null;
  /** A JSON list of model.dtype, model.quantization, train.gradient_checkpointing (0 or 1), train.tokens_per_batch. */
  how: string;
  /** The worker's description of the device. */
  device: string;
  total_parameters: number;
  train_rows: number;
  eval_rows: number;
  runs: number;
  lanes: number;
  lane_epochs: number;
  train_seconds: number;
  evaluate_seconds: number;
  /** Seconds outside the training steps of all runs: loading, evaluating, checking what was saved. */
  other_seconds: number;
  /** From the claim of its runs to the end of the last one. */
  wall_seconds: number;
  peak_memory: number;
  /** Floating-point operations of the steps that a run took, as forecast; null without a forecast. */
  train_work: number | null;
  /** Seconds of a run's steps. Where runs share a step, each gets its part. */
  run_train_seconds: number;
}

/** The share of an attempt's planned steps that it took: less than 1 if it stopped early. Its last step was evaluated. */
const TRAINED = `coalesce((SELECT max(m.step) * 1.0 FROM metrics m WHERE m.attempt = a.id AND m.split = 'eval')
                          / nullif(a.total_steps, 0), 1)`;

/** Newest first. */
export function measuredTrainings(store: Store, limit = 500): MeasuredTraining[] {
  return store
    .prepare(
      `SELECT r.model, r.task, max(r.method) AS method, r.precision, r.max_length, coalesce(r.batch_size, 1) AS batch_size,
              coalesce(r.gradient_accumulation_steps, 1) AS gradient_accumulation_steps,
              json_extract(r.settings, '$.train.eval_steps') AS eval_steps,
              json_array(coalesce(json_extract(r.settings, '$.model.dtype'), 'auto'),
                         coalesce(json_extract(r.settings, '$.model.quantization'), 'none'),
                         coalesce(json_extract(r.settings, '$.train.gradient_checkpointing'), 0),
                         json_extract(r.settings, '$.train.tokens_per_batch')) AS how,
              e.device_description AS device, max(a.total_parameters) AS total_parameters, a.train_rows, a.eval_rows,
              count(*) AS runs, b.lanes, b.lane_epochs, b.train_seconds, b.evaluate_seconds,
              sum(a.total_seconds - a.train_seconds) AS other_seconds,
              (julianday(max(a.ended_at)) - julianday(min(a.started_at))) * 86400 AS wall_seconds,
              max(a.peak_memory) AS peak_memory, avg(f.train_work * ${TRAINED}) AS train_work,
              avg(a.train_seconds) AS run_train_seconds
       FROM bundles b
       JOIN attempts a ON a.bundle = b.id
       JOIN runs r ON r.id = a.run
       JOIN environments e ON e.id = a.environment
       LEFT JOIN forecasts f ON f.run = a.run
       WHERE a.outcome = 'finished' AND b.lane_epochs > 0 AND b.train_seconds > 0
         AND b.id NOT IN (SELECT bundle FROM attempts WHERE resumed_step IS NOT NULL AND bundle IS NOT NULL)
       GROUP BY b.id ORDER BY b.id DESC LIMIT ?`,
    )
    .all(limit) as MeasuredTraining[];
}
