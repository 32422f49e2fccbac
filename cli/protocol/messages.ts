/**
 * SOURCE OF TRUTH for the messages between the runner and the worker.
 * python-worker/lor2c_worker/messages.py is generated from this file: `npm run generate`.
 *
 * One JSON object per line. An absent field and a null field are different; optional fields
 * are written as `.nullable()` and always present, so both languages read the same shape.
 */
import { z } from "zod";

/** Raise it whenever a message changes so that the other side could misread it. */
export const PROTOCOL_VERSION = 7;

/** A finite number, or null when the value was NaN or infinite (the event's `diverged` then names it). */
const metric = z.number().nullable();
const cellIds = z.array(z.string()).min(1);
/** Never negative: steps, rows, parameters, bytes. */
const count = z.number().int().nonnegative();
/** Position in a training, in epochs from its start. */
const epochs = z.number().nonnegative();
/** Seconds. */
const duration = z.number().nonnegative();
const json = z.record(z.string(), z.unknown());

// ---------------------------------------------------------------- commands: runner -> worker

/** Resolve cells on this machine, without training: fingerprints, parameter counts, row counts. */
const Inspect = z.strictObject({
  type: z.literal("inspect"),
  request: z.string(),
  /** Resolved settings of each cell, in the order of the reply's `index`. */
  settings: z.array(json),
});

/** Count parameters from only the model's shapes, without weights or rows. */
const Count = z.strictObject({
  type: z.literal("count"),
  request: z.string(),
  settings: z.array(json),
});

/** Look at the rows that cells with these settings would train on and be scored on; trains nothing. */
const Examine = z.strictObject({
  type: z.literal("examine"),
  request: z.string(),
  settings: z.array(json),
});

/** Look at a table of unknown columns: what `lor2c init --data` makes a spec from. */
const Survey = z.strictObject({
  type: z.literal("survey"),
  request: z.string(),
  /** Absolute path of a file, or of a folder with the files of a training and an evaluation split. */
  path: z.string(),
  /** The model whose tokenizer counts tokens. */
  model: z.string(),
});

/** Train one bundle: cells that share everything except their structural schedule. */
const Train = z.strictObject({
  type: z.literal("train"),
  request: z.string(),
  cells: z.array(
    z.strictObject({
      cell: z.string(),
      settings: json,
      /**
       * What `inspect` found when the cell got its id. A worker that finds anything else must not train under this id.
       */
      fingerprint: z.record(z.string(), z.string()),
      /** Absolute path of the attempt's folder; the worker writes `adapter/` in it. */
      folder: z.string(),
      /** Resume from a checkpoint of the cell, if there is one. */
      resume: z.boolean(),
    }),
  ),
  /** Absolute path of the folder where cells of these settings have their checkpoints. */
  checkpoint: z.string(),
  /** Whether they get new ones: from time to time, and where they are stopped. */
  write_checkpoints: z.boolean(),
  /** Absolute path of the file that takes the worker's stderr from now on; null: the file stays. */
  log: z.string().nullable(),
});

/** Reload a saved adapter and label texts (second segment null for single-sentence tasks). */
const Predict = z.strictObject({
  type: z.literal("predict"),
  request: z.string(),
  folder: z.string(),
  texts: z.array(z.strictObject({ text: z.string(), text_pair: z.string().nullable() })),
});

/** Reload a saved adapter and label the rows of a file, one after the other. */
const PredictFile = z.strictObject({
  type: z.literal("predict_file"),
  request: z.string(),
  folder: z.string(),
  /** Absolute path of the rows, and the ending that says how to read them: `.tsv`, `.csv`, `.jsonl`, `.parquet`, `.txt`. */
  input: z.string(),
  ending: z.string(),
  /** Columns of the texts as in `data.columns`, where they are not those of the run. */
  columns: json.nullable(),
  /** Absolute path of the file to write. It is incomplete unless `predicted` comes. */
  output: z.string(),
  format: z.enum(["tsv", "csv", "jsonl", "parquet", "glue"]),
  /** Columns of the input that the output has too. */
  keep: z.array(z.string()),
  keep_all: z.boolean(),
  probabilities: z.boolean(),
  batch_size: count.nullable(),
});

/** Write a saved adapter as a folder for others: with everything that says what it is, or as a plain model. */
const ExportAdapter = z.strictObject({
  type: z.literal("export_adapter"),
  request: z.string(),
  folder: z.string(),
  /** Absolute path of the folder to write. It is there, and whole, once `exported` comes. */
  target: z.string(),
  /** The run's fingerprint of its model, which names the commit of one from a hub; null: it has none. */
  fingerprint: z.string().nullable(),
  /** For the model card, instead of that of the run's settings; null: theirs. */
  license: z.string().nullable(),
  /** Write the base model with the adapter in its weights. */
  merged: z.boolean(),
  /** Where the folder will be on the hub: `owner/name`; null: nobody knows. */
  repository: z.string().nullable(),
});

/** Ask which hub it is, and whether there is a token for it; asks no hub. */
const AskHub = z.strictObject({ type: z.literal("ask_hub"), request: z.string() });

/** Upload a folder to the hub, in one commit. */
const PushFolder = z.strictObject({
  type: z.literal("push_folder"),
  request: z.string(),
  folder: z.string(),
  /** `owner/name`; it is made if there is none. */
  repository: z.string(),
  private: z.boolean(),
  /** Null: that of HF_TOKEN, or of a stored login. */
  token: z.string().nullable(),
  /** Of the commit. */
  message: z.string(),
});

/** How benchmarks are scored. */
const evaluation = z.strictObject({
  protocol: z.enum(["instructeval", "lm-eval"]),
  /** At most so many rows of each benchmark, drawn with `seed`; null: all of them. */
  rows: z.number().int().positive().nullable(),
  /** Draws the rows, and decides what is sampled where a protocol samples. */
  seed: count,
  /** Absolute path of a folder with the benchmarks' files; null: they come from the hub. */
  data: z.string().nullable(),
  /** Tokens that go through the model together, those that are kept for attention included. */
  batch_tokens: z.number().int().positive(),
  /** Whether programs that the model writes may be run, each in a fenced process. */
  allow_code_execution: z.boolean(),
  /** How the text None in a choice of MMLU is read: as it stands, or as the `nan` that pandas 2 makes of it. */
  mmlu_none: z.enum(["None", "nan"]),
});

/** What is evaluated: the adapter in a folder, or else the untuned model of settings whose method is `none`. */
const subject = {
  /** Absolute path of a saved adapter; null: there is none, and `settings` name the model. */
  folder: z.string().nullable(),
  settings: json.nullable(),
};

/** Say what `evaluate` would score, row counts and hashes included; generates nothing and needs no weights. */
const PlanEvaluation = z.strictObject({
  type: z.literal("plan_evaluation"),
  request: z.string(),
  ...subject,
  evaluation,
  /** Names such as `mmlu`, `bbh`, `drop`, `humaneval`. */
  benchmarks: z.array(z.string()).min(1),
});

/** Score benchmarks one after the other. `stop` ends it between two batches; what is scored by then stays. */
const Evaluate = z.strictObject({
  type: z.literal("evaluate"),
  request: z.string(),
  ...subject,
  evaluation,
  /**
   * As `evaluation_planned` had them. A worker that finds other hashes must not score, since its numbers would be
   * stored under a key that stands for others.
   */
  model_hash: z.string(),
  adapter_hash: z.string().nullable(),
  benchmarks: z
    .array(
      z.strictObject({
        benchmark: z.string(),
        data_hash: z.string(),
        settings_hash: z.string(),
        /**
         * Absolute path of the folder in which the worker keeps `samples.jsonl`, a line per scored row. Rows that it
         * has already are not scored again.
         */
        folder: z.string(),
      }),
    )
    .min(1),
});

/** Continue a text. */
const Generate = z.strictObject({
  type: z.literal("generate"),
  request: z.string(),
  ...subject,
  prompt: z.string(),
  /** Around the prompt: `none`, `alpaca`, the tokenizer's own `chat`, or a text with `{prompt}` in it. */
  template: z.string(),
  max_new_tokens: z.number().int().positive(),
  /** 0: the most probable token each time. */
  temperature: z.number().nonnegative(),
  /** Samples only from the most probable tokens that have this share together; null: from all. */
  top_p: z.number().nullable(),
  seed: count,
});

/** Stop after the current step. Cells in training, and those that have not begun, end with `stopped`. */
const Stop = z.strictObject({
  type: z.literal("stop"),
  /** Stop only these; the other cells of their lanes continue. Null: stop everything, also later commands. */
  cells: z.array(z.string()).nullable(),
});

export const WorkerCommand = z.discriminatedUnion("type", [
  Inspect,
  Count,
  Examine,
  Survey,
  Train,
  Predict,
  PredictFile,
  ExportAdapter,
  AskHub,
  PushFolder,
  PlanEvaluation,
  Evaluate,
  Generate,
  Stop,
]);
export type WorkerCommand = z.infer<typeof WorkerCommand>;

// ---------------------------------------------------------------- events: worker -> runner

const Device = z.strictObject({
  /** `cpu` or `cuda:0`. */
  name: z.string(),
  description: z.string(),
  /** Bytes of memory of the device. */
  memory: count,
  /** Whether the device multiplies bfloat16 natively. */
  bf16: z.boolean(),
});

/** Handshake: the first line of every worker. */
export const Ready = z.strictObject({
  type: z.literal("ready"),
  seq: count,
  protocol: z.number().int(),
  worker_version: z.string(),
  python: z.string(),
  pid: count,
  device: Device,
  /** The description of each GPU that is visible to this process; the first one is `cuda:0`. */
  gpus: z.array(z.string()),
  /** Versions of the packages that can change a number. */
  packages: z.record(z.string(), z.string()),
  /** Variables of its process that can change a number or say which files are read; none whose name looks secret. */
  variables: z.record(z.string(), z.string()),
  /**
   * What else computes there, as texts by name: processor, instruction set, threads, CUDA, driver, determinism, and the
   * hash of the list of tested packages (`lock`).
   */
  computing: z.record(z.string(), z.string()),
});

/** The properties of a model and its rows that decide the time, memory and disk of a training. */
const Shape = z.strictObject({
  layers: z.number().int(),
  hidden_size: z.number().int(),
  intermediate_size: z.number().int(),
  attention_heads: z.number().int(),
  /** Parameters of embedding tables: looked up, never multiplied. */
  embedding_parameters: z.number().int(),
  /**
   * Tokens of a row within `train.max_length`, estimated from its words: on average, and of the longest training row.
   */
  train_row_tokens: z.number(),
  eval_row_tokens: z.number(),
  longest_row_tokens: z.number().int(),
  /** Parameters in the saved folder, without the head. */
  saved_parameters: z.number().int(),
  /** Parameters of each lane in a checkpoint with both moments, without the head. */
  checkpoint_parameters: z.number().int(),
  /** Numbers of each lane in a checkpoint beside those, without moments: frozen bases, residual weights, running means. */
  kept_parameters: z.number().int(),
  /** Modules whose score or rank is stored after each epoch. */
  scored_modules: z.number().int(),
});
export type Shape = z.infer<typeof Shape>;

/** The result for one cell of an `inspect` command, or why it cannot run. */
export const Inspected = z.strictObject({
  type: z.literal("inspected"),
  seq: count,
  request: z.string(),
  index: count,
  /** The problems of the cell; empty if it can run. */
  problems: z.array(z.string()),
  /** Warnings that do not prevent a run. */
  warnings: z.array(z.string()),
  /** How the rows are split and which of them are drawn. */
  notes: z.array(z.string()),
  /**
   * Everything outside the settings that can change a number: model revision or weights hash, tokenizer hash,
   * data content hash, resolved precision. Part of the cell id. Null when there are problems.
   */
  fingerprint: z.record(z.string(), z.string()).nullable(),
  /** Trainable parameters of the method at the start of training, without the head. */
  trainable_parameters: count.nullable(),
  head_parameters: count.nullable(),
  total_parameters: count.nullable(),
  train_rows: count.nullable(),
  eval_rows: count.nullable(),
  /** Names of the classes, in the order of the head's outputs; none for regression. */
  label_names: z.array(z.string()),
  total_steps: count.nullable(),
  /**
   * The events that can separate the cell's trajectory from others of its bundle, in order: two cells train as one up
   * to the first event in which they differ, if every attempt at a change finds a candidate. `epoch` 0 is the start.
   * `probable`: enough modules will be left for it, as far as their number tells.
   */
  events: z.array(z.strictObject({ epoch: z.number(), key: z.string(), probable: z.boolean() })),
  /** The input of a forecast; null if there are problems. */
  shape: Shape.nullable(),
});

/** What the answers to an `inspect` command depend on besides the command, the worker's code and its variables. */
export const Sources = z.strictObject({
  type: z.literal("sources"),
  seq: z.number().int(),
  request: z.string(),
  /**
   * Files and folders, each with a text that changes when they change. Null if the answers also depend on something
   * that has no such text, such as a hub, or a file written so recently that another change might not show.
   */
  files: z.array(z.strictObject({ path: z.string(), stamp: z.string() })).nullable(),
});

/** Trainable parameters of one cell of a `count` command, part by part. */
const Counted = z.strictObject({
  type: z.literal("counted"),
  seq: count,
  request: z.string(),
  index: count,
  problems: z.array(z.string()),
  /** Where the shapes come from, e.g. `config of FacebookAI/roberta-base`. */
  shapes: z.string(),
  /** What the method trains from the first step, without the head. */
  parts: z.array(z.strictObject({ place: z.string(), formula: z.string(), count: z.number().int() })),
  /** What the scheduled structural changes add, or remove if negative, if each finds a candidate. */
  changes: z.array(z.strictObject({ place: z.string(), formula: z.string(), count: z.number().int() })),
  head_parameters: count,
  /** Parameters of the base model with its head. */
  total_parameters: count,
});

/** What a column is to a task: of rows with labels, or of texts. */
const UsedAs = z.enum(["text", "text_pair", "label", "prompt", "input", "response", "messages"]);

/** A row as the model sees it. */
const ExaminedRow = z.strictObject({
  /** From 1, among the rows of its split that are used. */
  row: count,
  /** The first characters of the text; null: a single text. */
  text: z.string(),
  text_pair: z.string().nullable(),
  /** The label's name, the value as text for regression, or every label that the row has. */
  labels: z.array(z.string()),
});

/** A text that occurs more than once, apart from case and blanks, with its rows in the order of their splits. */
const SameText = z.strictObject({
  text: z.string(),
  text_pair: z.string().nullable(),
  occurrences: z.array(z.strictObject({ split: z.string(), row: count, labels: z.array(z.string()) })),
});

/** Rows whose text other rows have too, apart from case and blanks; the first few texts as examples. */
const Repeats = z.strictObject({ rows: count, first: z.array(SameText) });

/** The rows of one split. */
const ExaminedSplit = z.strictObject({
  /** `train`, `holdout` (rows of training that choose the epoch) or `eval`. */
  split: z.enum(["train", "holdout", "eval"]),
  rows: count,
  /** Rows of each label in the order of the labels, also of those that no row has; empty for regression. */
  labels: z.array(z.strictObject({ label: z.string(), rows: count })),
  /** How many rows have how many labels, if a row can have several. */
  labels_per_row: z.array(z.strictObject({ labels: count, rows: count })),
  /** Values of a regression. */
  values: z
    .strictObject({
      min: z.number(),
      quarter: z.number(),
      median: z.number(),
      three_quarters: z.number(),
      max: z.number(),
      mean: z.number(),
      distinct: count,
    })
    .nullable(),
  /** Tokens of a row, special ones included, before it is cut; null if there is no tokenizer. */
  tokens: z
    .strictObject({
      /** Rows that were tokenised: all, or a sample spread evenly over a large split. */
      rows: count,
      min: count,
      median: count,
      p90: count,
      p99: count,
      max: count,
      /** Those of them that are longer than `train.max_length`. */
      cut: count,
      /** Tokens without special ones, and those among them that stand for text outside the vocabulary. */
      words: count,
      unknown: count,
    })
    .nullable(),
  /** Rows with a text of nothing but blanks, and the first of them. */
  blank: z.strictObject({ rows: count, first: z.array(count) }),
  /** Rows that repeat an earlier row of the split. */
  repeated: Repeats,
  /** Rows of texts that have different labels within the split. */
  contradicting: Repeats,
  /** The first rows; `tokens`: what is left after cutting. */
  first: z.array(ExaminedRow.extend({ tokens: z.array(z.string()) })),
});

/** The rows of one entry of an `examine` command, or why they cannot be trained on. */
export const Examined = z.strictObject({
  type: z.literal("examined"),
  seq: count,
  request: z.string(),
  index: count,
  /** Why a training would be refused; empty if it would not. */
  problems: z.array(z.string()),
  warnings: z.array(z.string()),
  /** Null if the rows cannot be read. */
  report: z
    .strictObject({
      /** Files that were read, in order; none for rows of a hub. `encoding` is null for a binary format. */
      files: z.array(
        z.strictObject({ path: z.string(), format: z.string(), encoding: z.string().nullable(), bytes: count }),
      ),
      kind: z.enum(["classify", "regress", "multi_label", "language_model"]),
      scores: z.array(z.string()),
      /** The score that chooses the best epoch. */
      score: z.string(),
      /** Hash of the content of all rows. */
      fingerprint: z.string(),
      /** Columns or fields of the files in their order, and what each one is used as; null: not used. */
      columns: z.array(z.strictObject({ column: z.string(), used_as: UsedAs.nullable() })),
      max_length: count,
      splits: z.array(ExaminedSplit),
      /** Rows of `found_in` whose text is in `known_from` too. */
      shared: z.array(
        z.strictObject({
          known_from: z.string(),
          found_in: z.string(),
          same_label: Repeats,
          other_label: Repeats,
        }),
      ),
      /** What a training would note about these rows. */
      notes: z.array(z.string()),
    })
    .nullable(),
});
export type Examined = z.infer<typeof Examined>;
export type ExaminedReport = NonNullable<Examined["report"]>;

/** The columns of a table, as its first rows show them. */
export const Surveyed = z.strictObject({
  type: z.literal("surveyed"),
  seq: count,
  request: z.string(),
  /** The files of each split; one unnamed split if there is no evaluation split. */
  splits: z.array(z.strictObject({ split: z.enum(["train", "dev"]).nullable(), files: z.array(z.string()) })),
  /** Rows of the first split, or only its first ones if there are `more`. */
  rows: count,
  more: z.boolean(),
  columns: z.array(
    z.strictObject({
      column: z.string(),
      /** Rows that have a value. */
      filled: count,
      /** What every value is, numbers in text included; `mixed` if they differ. */
      kind: z.enum(["text", "whole", "number", "boolean", "list", "mixed"]),
      /** Different values, or different members of lists. */
      distinct: count,
      /** The most frequent of them. */
      values: z.array(z.strictObject({ value: z.string(), rows: count })),
      /** Mean words of a text. */
      words: z.number(),
      /** Tokens of a text, special ones included, in a sample; null for a column without texts or tokenizer. */
      tokens: z.strictObject({ median: count, p99: count, max: count }).nullable(),
    }),
  ),
});
export type Surveyed = z.infer<typeof Surveyed>;

/** The training of these cells starts. */
const Started = z.strictObject({
  type: z.literal("started"),
  seq: count,
  cells: cellIds,
  trainable_parameters: count,
  head_parameters: count,
  total_parameters: count,
  train_rows: count,
  eval_rows: count,
  total_steps: count,
  num_epochs: count,
  /** Score of always predicting the most frequent label of the evaluation rows; null for regression. */
  majority_score: metric,
  /** Name of the score that chooses the best epoch, e.g. `accuracy`. */
  score_name: z.string(),
  /** SHA-256 over the initial trainable tensors: equal seeds must give equal hashes. */
  initial_weights: z.string(),
  /** One line each; e.g. the subset of rows that is used. */
  notes: z.array(z.string()),
  /** Optimizer step of the checkpoint from which it resumes; null from the start. Earlier events are sent again. */
  resumed_step: count.nullable(),
});

/** For a progress bar. Never stored. At most a few per second. */
const Progress = z.strictObject({
  type: z.literal("progress"),
  seq: count,
  cells: cellIds,
  phase: z.enum(["train", "evaluate", "save"]),
  step: count,
  total_steps: count,
  epoch: count,
  loss: metric,
  /** Lanes of the tree at this moment, and the epochs that these and later lanes will probably still train. */
  lanes: count,
  lane_epochs_left: epochs,
  /** Real (non-padding) tokens per second of training time so far. */
  tokens_per_second: metric,
});

/** Measured values at a step. `epoch` is fractional: 1.5 is the middle of the second epoch. */
const Metrics = z.strictObject({
  type: z.literal("metrics"),
  seq: count,
  cells: cellIds,
  /** `holdout`: rows held out of training to choose the best epoch. */
  split: z.enum(["train", "eval", "holdout"]),
  step: count,
  epoch: epochs,
  values: z.record(z.string(), metric),
  /** Names of values that were NaN or infinite. */
  diverged: z.array(z.string()),
});

/** The structure changed: two modules merged, or one was replaced by an injected LoRA. Layers are 0-based. */
const Change = z.strictObject({
  type: z.literal("change"),
  seq: count,
  cells: cellIds,
  kind: z.enum(["merge", "inject"]),
  step: count,
  epoch: epochs,
  /** First and last layer of the module after a merge; for an injection, the same layer twice. */
  span_start: count,
  span_end: count,
  /** Start layer of the module whose tensors were kept (merge) or removed (inject). */
  source: count,
  /**
   * Score that chose the module (the sum of the pair for a merge), and the distance to the next candidate; null
   * without one.
   */
  score: metric,
  margin: metric,
  /** Epoch end at which the deciding scores were taken. */
  scores_from_epoch: epochs,
  trainable_parameters: count,
  detail: z.string(),
});

/** Score of every live module at the end of an epoch. */
const ModuleScores = z.strictObject({
  type: z.literal("module_scores"),
  seq: count,
  cells: cellIds,
  step: count,
  epoch: epochs,
  /** `sfs`, `mean_singular_value` or `top_share`. */
  score_name: z.string(),
  modules: z.array(
    z.strictObject({
      span_start: count,
      span_end: count,
      kind: z.enum(["lor2c", "lora"]),
      /** Null for an injected LoRA, which has no score. */
      score: metric,
    }),
  ),
  trainable_parameters: count,
});

/**
 * The cost of training cells together, sent before their outcomes. Counts include work before a checkpoint.
 */
const Tree = z.strictObject({
  type: z.literal("tree"),
  seq: count,
  cells: cellIds,
  /** Epochs trained, and epochs that the cells would have trained alone; fractions if one was cut short. */
  lane_epochs: epochs,
  cell_epochs: epochs,
  /** Lanes at the end, and lanes that went through the model together. */
  lanes: count,
  lane_width: count,
  forks: count,
  longest_fork_seconds: duration,
  /** Wall time of optimizer steps and of evaluations. */
  train_seconds: duration,
  evaluate_seconds: duration,
  /** CPU time that the worker's process spent on this command so far. */
  cpu_seconds: duration,
  /** Bytes. */
  peak_memory: count,
  /** Joules that the device used meanwhile, as its driver counts them; null where it does not. */
  energy: z.number().nonnegative().nullable(),
});

/**
 * What cells have used so far, about every half minute and before each outcome of cells that have started. Memory and
 * utilisation are those of the whole training that they are part of; CPU time and energy are its means per second, times
 * the seconds of the cell. All of it includes what was used before a checkpoint.
 */
const Usage = z.strictObject({
  type: z.literal("usage"),
  seq: count,
  cells: cellIds,
  /** Of each of the cells so far, as `total_seconds` of `finished`, and in the processes before a checkpoint. */
  seconds: duration,
  /** Bytes: of the device's allocator, or of the resident set of a worker on CPU. P99: within one percent. */
  memory_mean: count.nullable(),
  memory_p99: count.nullable(),
  peak_memory: count,
  /**
   * Share of the time in which the device computed, from 0 to 1, of all its processes; on CPU, CPU time of the worker per
   * second and thread.
   */
  utilization_mean: metric,
  utilization_max: metric,
  cpu_seconds: duration,
  /** Joules; null where the driver does not count them. */
  energy: z.number().nonnegative().nullable(),
});

/**
 * What the device of this worker reports now: about every two seconds while it carries out `train` or `evaluate`, loading
 * included. For people who watch; never kept as history. A thread of its own sends it, so it does not mean that the work
 * goes on. Null: not measured there.
 */
const DeviceUsage = z.strictObject({
  type: z.literal("device_usage"),
  seq: count,
  /** Name of the machine, and the worker's process on it. */
  host: z.string(),
  pid: count,
  /** `cpu` or `cuda:0`, and what it is. */
  device: z.string(),
  description: z.string(),
  /** Tells GPUs apart, each of which is `cuda:0` to the worker that has only it; null for a CPU. */
  uuid: z.string().nullable(),
  /**
   * Bytes. Of a GPU and all processes on it; where its driver does not tell, of the worker's allocator. Of a CPU the
   * worker's resident set, and the memory of the machine or container.
   */
  memory_used: count.nullable(),
  memory_total: count.nullable(),
  /** Share of the time since the last reading in which the device computed, as in `usage`. */
  utilization: metric,
  /** Degrees Celsius. */
  temperature: metric,
  /** Watts. */
  power: metric,
  /** CPU seconds of the worker per second: 1 is one processor. */
  cpu_share: z.number().nonnegative(),
});

/** Ranks of a method that moves them between its modules, at the end of an epoch. */
const Ranks = z.strictObject({
  type: z.literal("ranks"),
  seq: count,
  cells: cellIds,
  step: count,
  epoch: epochs,
  modules: z.array(
    z.strictObject({
      /** Path in the model, e.g. `roberta.encoder.layer.3.attention.self.query`. */
      module: z.string(),
      rank: count,
    }),
  ),
});

/** A file or folder of the run. */
const Artifact = z.strictObject({
  type: z.literal("artifact"),
  seq: count,
  cells: cellIds,
  kind: z.string(),
  path: z.string(),
  bytes: count,
  sha256: z.string(),
});

/** A line for the run's log. */
const Log = z.strictObject({
  type: z.literal("log"),
  seq: count,
  cells: z.array(z.string()),
  level: z.enum(["debug", "info", "warn", "error"]),
  message: z.string(),
});

/** Outcome: trained, saved, reloaded from disk and re-scored equal. */
const Finished = z.strictObject({
  type: z.literal("finished"),
  seq: count,
  cells: cellIds,
  score_name: z.string(),
  /** On the evaluation rows, after the chosen epoch. */
  best_score: metric,
  /** Real where the evaluation was not at the end of an epoch. */
  best_epoch: epochs,
  last_score: metric,
  /** The rows that chose the epoch, and their score after it. */
  chosen_on: z.enum(["eval", "holdout"]),
  chosen_score: metric,
  /**
   * The best on the evaluation rows, whichever rows chose. Minus `best_score`, it is the optimism of choosing on them.
   */
  eval_best_score: metric,
  eval_best_epoch: epochs,
  /** Whether all evaluation rows have the same prediction after the chosen epoch. */
  collapsed: z.boolean(),
  /** That prediction: a label's name, several, or a number; and the share of the evaluation rows that it is right for. */
  collapsed_to: z.string().nullable(),
  collapsed_share: metric,
  majority_score: metric,
  /** Seconds of the training loop without evaluation, and of everything. */
  train_seconds: duration,
  total_seconds: duration,
  /** Real (non-padding) tokens trained on. */
  train_tokens: count,
  /** SHA-256 over the rows of all batches in order; null when there was no step. */
  batch_order: z.string().nullable(),
  trainable_parameters: count,
  /** Bytes. */
  peak_memory: count,
  /** Lines that are added to those of `started`, e.g. that the rules left no candidate for a merge. */
  notes: z.array(z.string()),
});

/** Outcome: an exception, or a check that failed. */
const Failed = z.strictObject({
  type: z.literal("failed"),
  seq: count,
  cells: cellIds,
  error_type: z.string(),
  message: z.string(),
  traceback: z.string(),
});

/** Outcome: the device has too little memory. */
const OutOfMemory = z.strictObject({
  type: z.literal("out_of_memory"),
  seq: count,
  cells: cellIds,
  message: z.string(),
  /** Bytes in use when it happened. */
  peak_memory: count,
});

/** Outcome: the runner asked to stop, or stdin ended. */
const Stopped = z.strictObject({
  type: z.literal("stopped"),
  seq: count,
  cells: cellIds,
  step: count,
});

const Predictions = z.strictObject({
  type: z.literal("predictions"),
  seq: count,
  request: z.string(),
  items: z.array(
    z.strictObject({
      /** Label name, or the value as text for regression. */
      label: z.string(),
      /** Probability per label name; a single `score` for regression. */
      scores: z.record(z.string(), metric),
    }),
  ),
});

/** For a progress bar of `predict_file`, about once a second; `total`: rows of the file, null if only reading it tells. */
const Predicting = z.strictObject({
  type: z.literal("predicting"),
  seq: count,
  request: z.string(),
  rows: count,
  total: count.nullable(),
});

/** The file of `predict_file` is complete. */
const Predicted = z.strictObject({
  type: z.literal("predicted"),
  seq: count,
  request: z.string(),
  rows: count,
  /** Rows whose text is empty or blank; they are labelled as any other. */
  empty: count,
  /** Scores of the predictions; null if the rows have no labels. */
  scores: z.record(z.string(), metric).nullable(),
  /** Why there are no scores although there is a column of labels. */
  unscored: z.string().nullable(),
});

/** The folder of `export_adapter` is complete. */
const Exported = z.strictObject({
  type: z.literal("exported"),
  seq: count,
  request: z.string(),
  /** Relative paths. */
  files: z.array(z.string()),
  bytes: count,
  /** Of a plain model: largest difference of an output from the adapter's, and the share of outputs that is allowed. */
  difference: z.number().nullable(),
  tolerance: z.number().nullable(),
  /** One line each. */
  notes: z.array(z.string()),
});

/** The answer to `ask_hub`. */
const HubAccess = z.strictObject({
  type: z.literal("hub_access"),
  seq: count,
  request: z.string(),
  endpoint: z.string(),
  /** There is a token: HF_TOKEN, or a stored login. */
  token: z.boolean(),
  /** HF_HUB_OFFLINE is set. */
  offline: z.boolean(),
});

/** The folder of `push_folder` is on the hub. */
const Pushed = z.strictObject({
  type: z.literal("pushed"),
  seq: count,
  request: z.string(),
  url: z.string(),
  commit: z.string(),
});

/** What an evaluation would be. */
const EvaluationPlanned = z.strictObject({
  type: z.literal("evaluation_planned"),
  seq: count,
  request: z.string(),
  /** Why it cannot be carried out; empty if it can. */
  problems: z.array(z.string()),
  /** Content of the base model (weights, tokenizer, the precision of products), and of the adapter, if there is one. */
  model_hash: z.string(),
  adapter_hash: z.string().nullable(),
  /** In the order of the command; without those that have problems. */
  benchmarks: z.array(
    z.strictObject({
      benchmark: z.string(),
      /** Rows that are scored, and all rows that the protocol scores without a limit. */
      rows: count,
      all_rows: count,
      /** Examples in each prompt, and rows that have fewer because of the input limit. */
      shots: count,
      cut_rows: count,
      /** Tokens of all prompts, and the most that are generated for a row. */
      prompt_tokens: count,
      max_new_tokens: count,
      /** How tokens are chosen, in words: `greedy`, `sampled at temperature 0.1, seed 0`. */
      decoding: z.string(),
      /** What the score is, in words: `exact prefix, mean over questions`. */
      metric: z.string(),
      /** Content of the rows and shots, and of everything else that can change a verdict. */
      data_hash: z.string(),
      settings_hash: z.string(),
      /** One line each; e.g. how rows were drawn. */
      notes: z.array(z.string()),
    }),
  ),
});

/** For a progress bar, about once a second while a benchmark is scored. Never stored. */
const Evaluating = z.strictObject({
  type: z.literal("evaluating"),
  seq: count,
  request: z.string(),
  benchmark: z.string(),
  /** Rows of the benchmark that are scored, those of an earlier worker included, and all of them. */
  rows: count,
  total: count,
  /** Until all benchmarks of the command are scored; null as long as nothing tells. */
  seconds_left: duration.nullable(),
});

/** Rows that are scored. A worker that goes on from a `samples.jsonl` first tells the rows in it. */
const Samples = z.strictObject({
  type: z.literal("samples"),
  seq: count,
  request: z.string(),
  benchmark: z.string(),
  items: z.array(
    z.strictObject({
      /** Unique in the benchmark, and the same wherever the rows are the same: `abstract_algebra/17`. */
      row: z.string(),
      /** Subject or task within the benchmark. */
      task: z.string(),
      prompt_hash: z.string(),
      prompt_tokens: count,
      shots: count,
      output: z.string(),
      new_tokens: count,
      /** The accepted answer; null where a program decides. */
      gold: z.string().nullable(),
      /** 1: right, 0: wrong; between them for a metric that knows more, such as F1. */
      score: z.number(),
      /** What else decided: the answer that was extracted, or how a program ended. */
      detail: z.string().nullable(),
    }),
  ),
});

/** The result of one benchmark: all its rows are scored, and `samples` told each of them once. */
const Evaluated = z.strictObject({
  type: z.literal("evaluated"),
  seq: count,
  request: z.string(),
  benchmark: z.string(),
  protocol: z.string(),
  metric: z.string(),
  /** From 0 to 1. */
  score: z.number(),
  /** Null where the rows are too few to tell. */
  standard_error: z.number().nullable(),
  rows: count,
  all_rows: count,
  shots: count,
  cut_rows: count,
  max_new_tokens: count,
  decoding: z.string(),
  tasks: z.array(
    z.strictObject({ task: z.string(), score: z.number(), standard_error: z.number().nullable(), rows: count }),
  ),
  model_hash: z.string(),
  adapter_hash: z.string().nullable(),
  data_hash: z.string(),
  settings_hash: z.string(),
  /** Spent on the rows of this benchmark, by earlier workers too. */
  seconds: duration,
  prompt_tokens: count,
  new_tokens: count,
  /** The file with a line per row. */
  samples_path: z.string(),
  samples_bytes: count,
  samples_sha256: z.string(),
  /** One line each, such as that HumanEval's cut lets only 130 of the 164 reference solutions pass. */
  notes: z.array(z.string()),
});

/** A piece of the text that `generate` makes, in order. The last one has `end`. */
const Generated = z.strictObject({
  type: z.literal("generated"),
  seq: count,
  request: z.string(),
  text: z.string(),
  end: z
    .strictObject({
      /** `stop`: the model ended the text; `length`: at `max_new_tokens`; `stopped`: the runner asked. */
      reason: z.enum(["stop", "length", "stopped"]),
      prompt_tokens: count,
      new_tokens: count,
      seconds: duration,
    })
    .nullable(),
});

/** What takes long before an answer, for whoever waits for it. Never stored. */
const Doing = z.strictObject({
  type: z.literal("doing"),
  seq: count,
  request: z.string(),
  /**
   * It reads the config of a model, rows, or weights; turns rows into tokens; downloads a package; asks a hub, or its
   * cache; converts or unpacks a model; uploads to a hub; waits for another process that gets the same model ready.
   */
  what: z.enum(["config", "rows", "tokens", "weights", "download", "hub", "convert", "unpack", "upload", "wait"]),
  /** Name or path of the model, rows or package. */
  of: z.string(),
});

/** The command `request` is done (after its other events), or could not be carried out at all. */
const Done = z.strictObject({
  type: z.literal("done"),
  seq: count,
  request: z.string(),
  error: z.string().nullable(),
  /** How many events the worker has sent so far, this one included. */
  events: count,
});

/** The worker's last event: it exits because it was asked to, or because stdin has ended. */
const Ended = z.strictObject({
  type: z.literal("ended"),
  seq: count,
  /** How many events the worker has sent, this one included. */
  events: count,
});

export const WorkerEvent = z.discriminatedUnion("type", [
  Ready,
  Inspected,
  Sources,
  Counted,
  Examined,
  Surveyed,
  Started,
  Progress,
  Metrics,
  Change,
  ModuleScores,
  Tree,
  Usage,
  DeviceUsage,
  Ranks,
  Artifact,
  Log,
  Finished,
  Failed,
  OutOfMemory,
  Stopped,
  Predictions,
  Predicting,
  Predicted,
  Exported,
  HubAccess,
  Pushed,
  EvaluationPlanned,
  Evaluating,
  Samples,
  Evaluated,
  Generated,
  Doing,
  Done,
  Ended,
]);
export type WorkerEvent = z.infer<typeof WorkerEvent>;
export type EventOf<T extends WorkerEvent["type"]> = Extract<WorkerEvent, { type: T }>;

/** How an attempt can end. `lost` is written by the runner if the worker died without an outcome. */
export const OUTCOMES = ["finished", "failed", "out_of_memory", "stopped", "lost"] as const;
export type Outcome = (typeof OUTCOMES)[number];
