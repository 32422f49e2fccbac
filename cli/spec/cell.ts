/** Everything the worker is told about a run. Every default is filled in. */
export interface Settings {
  model: { name: string; revision: string | null };
  task: string;
  data: {
    path: string | null;
    hub: string | null;
    train_rows: number | null;
    eval_rows: number | null;
    split_seed: number;
    columns: { text: string; text_pair: string | null; label: string } | null;
  };
  method: { name: string; [parameter: string]: unknown };
  train: {
    num_train_epochs: number;
    max_steps: number | null;
    batch_size: number;
    eval_batch_size: number;
    gradient_accumulation_steps: number;
    learning_rate: number;
    /** Null: half of learning_rate. */
    head_learning_rate: number | null;
    warmup_ratio: number;
    weight_decay: number;
    adam_beta1: number;
    adam_beta2: number;
    adam_epsilon: number;
    max_grad_norm: number;
    max_length: number;
    precision: "auto" | "fp32" | "mixed";
    logging_steps: number;
    /** Null: the task's own. */
    score: string | null;
    max_lanes: number | "auto";
    /** Share (below 1) or number of training rows that choose the best epoch instead of being trained on. */
    holdout: number | null;
    /** Epoch whose score tables show beside best and last. */
    report_epoch: number | null;
  };
  seed: number;
}

/** One fully resolved training run. */
export interface Cell {
  settings: Settings;
  /** Short and unique within the spec: `method=lora rank=8`. */
  label: string;
  /** The dotted keys that vary within the spec, with this cell's values. */
  axes: Record<string, unknown>;
}
