/**
 * Every key of a spec, once: its meaning, allowed values, unit, default and source. `explain`, the editor schema and
 * all messages are made from this file. Parameters of methods are in the catalog, which the worker writes.
 */
import { z } from "zod";
import { unfitForName } from "./characters.js";
import { GPU, hasTwice } from "./gpu-names.js";
import { RANGE } from "./range.js";

export interface KeyDocs {
  description: string;
  unit?: string;
  /** Paper section, or the name of the same setting in Hugging Face libraries. */
  source?: string;
  /** Names of the key in other tools; only used for suggestions. */
  aliases?: string[];
  /** Values of other tools, likewise. */
  valueAliases?: Record<string, string>;
  /** Describes the default, where the schema's value does not say enough. */
  defaultText?: string;
  /** The key changes no number of a run, so it is not part of the id. */
  outsideId?: true;
  since?: Since;
}

/**
 * For every key that is added after the first release: a run whose value is `before`, which means what runs did without
 * the key, has the id that it had then. Later changes of the default do not change this.
 */
interface Since {
  day: string;
  before: unknown;
}

const key = <T extends z.ZodType>(schema: T, docs: KeyDocs): T => schema.meta({ ...docs });
const hf = (name: string) => `transformers TrainingArguments.${name}`;
const text = () => z.string().min(1);
const name = (length: number) =>
  text()
    .max(length)
    .refine((value) => unfitForName(value) === undefined, { error: ({ input }) => unfitForName(String(input)) ?? "" });
const count = () => z.int().min(1);

const modelMapping = z.strictObject({
  name: key(text(), {
    description: "Hub id, local folder (starting with `./`, `../`, `/` or `~/`), or a packaged name",
    source: "transformers from_pretrained(pretrained_model_name_or_path)",
    aliases: ["model_name_or_path", "pretrained_model_name_or_path", "base_model"],
  }),
  revision: key(text().nullable().default(null), {
    description: "Branch, tag or commit of a model on the hub",
    source: "transformers from_pretrained(revision)",
  }),
});

const data = z
  .strictObject({
    path: key(text().nullable().default(null), {
      description: "File or folder of the rows, relative to this file; at most one of path and hub",
      defaultText: "the task's own source",
    }),
    hub: key(text().nullable().default(null), {
      description: "Data set on the hub that has the rows; at most one of path and hub",
      source: "datasets load_dataset(path)",
      defaultText: "the task's own source",
    }),
    train_rows: key(count().nullable().default(null), {
      description: "Train on this many rows, drawn with split_seed",
      unit: "rows",
      source: "transformers examples, max_train_samples",
      aliases: ["max_train_samples", "train_samples"],
      defaultText: "all rows",
    }),
    eval_rows: key(count().nullable().default(null), {
      description: "Evaluate on this many rows, drawn with split_seed",
      unit: "rows",
      source: "transformers examples, max_eval_samples",
      aliases: ["max_eval_samples", "eval_samples"],
      defaultText: "all rows",
    }),
    split_seed: key(z.int().min(0).max(0xffff_ffff).default(0), {
      description:
        "Seed of the split and of the drawn rows; separate from `seed`, so that seeds are compared on the same rows",
    }),
    columns: key(
      z
        .strictObject({
          text: key(text(), { description: "Column of the text, or of the first text of a pair" }),
          text_pair: key(text().nullable().default(null), {
            description: "Column of the second text of a pair",
            defaultText: "null: single texts",
          }),
          label: key(text(), { description: "Column of the label" }),
        })
        .nullable()
        .default(null),
      {
        description: "Names of the columns, if the rows come from your own table",
        defaultText: "the task's own",
      },
    ),
  })
  .prefault({})
  .meta({ description: "Which rows are used" });

const train = z
  .strictObject({
    num_train_epochs: key(count().default(3), {
      description: "Passes over the training rows",
      unit: "epochs",
      source: `${hf("num_train_epochs")}; E of paper Eq. 11 and 12`,
      aliases: ["epochs", "num_epochs", "max_epochs"],
    }),
    max_steps: key(count().nullable().default(null), {
      description: "Stop after this many optimizer steps, even within an epoch",
      unit: "optimizer steps",
      source: hf("max_steps"),
      defaultText: "null: all steps of the epochs",
    }),
    batch_size: key(count().default(32), {
      description: "Rows of one forward pass; times gradient_accumulation_steps is one optimizer step",
      unit: "rows",
      source: hf("per_device_train_batch_size"),
      aliases: ["per_device_train_batch_size", "train_batch_size", "micro_batch_size", "bs"],
    }),
    eval_batch_size: key(count().default(64), {
      description: "Rows of one forward pass of the evaluation",
      unit: "rows",
      source: hf("per_device_eval_batch_size"),
      aliases: ["per_device_eval_batch_size"],
    }),
    gradient_accumulation_steps: key(count().default(1), {
      description: "Forward passes whose gradients are averaged before one optimizer step",
      unit: "forward passes",
      source: hf("gradient_accumulation_steps"),
    }),
    learning_rate: key(z.number().positive().default(4e-4), {
      description:
        "Peak learning rate of everything but the head: linear warm-up from 0, then linear to 0 at the last step",
      source: `${hf("learning_rate")}; the published GLUE script uses 4e-4 or 5e-4 by task`,
      aliases: ["lr", "peak_lr"],
    }),
    head_learning_rate: key(z.number().positive().nullable().default(null), {
      description: "Peak learning rate of the classification or regression head",
      source: "the published GLUE script trains the head at half of the learning rate",
      aliases: ["head_lr", "classifier_lr"],
      defaultText: "null: half of train.learning_rate",
    }),
    warmup_ratio: key(z.number().min(0).max(1).default(0.06), {
      description: "Part of all optimizer steps over which the learning rate rises from 0, rounded up to whole steps",
      unit: "fraction of the steps",
      source: hf("warmup_ratio"),
      aliases: ["warmup"],
    }),
    weight_decay: key(z.number().min(0).default(0.1), {
      description: "Decoupled weight decay of AdamW, over all trained tensors",
      source: hf("weight_decay"),
      aliases: ["wd"],
    }),
    adam_beta1: key(z.number().min(0).lt(1).default(0.9), {
      description: "Decay of AdamW's running mean of gradients",
      source: hf("adam_beta1"),
    }),
    adam_beta2: key(z.number().min(0).lt(1).default(0.999), {
      description: "Decay of AdamW's running mean of squared gradients",
      source: hf("adam_beta2"),
    }),
    adam_epsilon: key(z.number().positive().default(1e-8), {
      description: "Added to AdamW's denominator",
      source: hf("adam_epsilon"),
    }),
    max_grad_norm: key(z.number().positive().default(1.0), {
      description: "Gradients are scaled down to this norm over everything that has a gradient",
      unit: "L2 norm",
      source: hf("max_grad_norm"),
      aliases: ["gradient_clipping", "clip_grad_norm"],
    }),
    max_length: key(z.int().min(4).default(256), {
      description: "Longer texts are cut to this length; shorter ones are not padded to it",
      unit: "tokens",
      source: "transformers tokenizer(max_length)",
      aliases: ["max_seq_length", "max_seq_len", "cutoff_len"],
    }),
    precision: key(z.literal(["auto", "fp32", "mixed"]).default("auto"), {
      description:
        "Number format: mixed multiplies in bfloat16 and keeps the rest in fp32; auto is mixed where that is faster, " +
        "which is measured on a CPU at the start, else fp32",
      source: "transformers TrainingArguments.bf16",
      aliases: ["bf16", "fp16", "dtype", "torch_dtype"],
      valueAliases: { bf16: "mixed", bfloat16: "mixed", float32: "fp32" },
    }),
    logging_steps: key(count().default(10), {
      description: "The training loss is recorded every so many optimizer steps; not part of a run's id",
      unit: "optimizer steps",
      source: hf("logging_steps"),
      outsideId: true,
    }),
    score: key(text().nullable().default(null), {
      description: "Score that chooses the best epoch",
      source: hf("metric_for_best_model"),
      aliases: ["metric_for_best_model", "metric"],
      defaultText: "null: the task's own",
    }),
    max_lanes: key(z.union([z.literal("auto"), z.int().min(1).max(1024)]).default("auto"), {
      description:
        "Trajectories that go through the model together when runs train as one tree; auto: as memory allows. " +
        "Changes no number on CPU; on CUDA numbers are equal to the bit at the same value, so it is not part of a run's id",
      unit: "trajectories",
      outsideId: true,
    }),
    holdout: key(z.union([z.number().gt(0).lt(1), count(), z.null()]).default(null), {
      description:
        "Training rows that are not trained on and choose the best epoch, so that the evaluation rows are only " +
        "reported: a share below 1, or a number of rows; drawn with data.split_seed from those of data.train_rows, " +
        "in the proportions of the classes",
      unit: "share of the training rows, or rows",
      aliases: ["validation_split", "val_set_size", "dev_size"],
      defaultText: "null: the evaluation rows choose",
      since: { day: "2026-11-25", before: null },
    }),
    report_epoch: key(count().nullable().default(null), {
      description:
        "Epoch fixed beforehand whose score is shown beside the best and the last one; all are stored, so it is not " +
        "part of a run's id",
      unit: "epochs",
      defaultText: "null: none",
      outsideId: true,
    }),
    allow_unreached_events: key(z.boolean().default(false), {
      description:
        "Train although not all merges and injections that the method asks for fall before the end; such a run is " +
        "refused otherwise. A note of the run says what did not happen. Changes no number, so it is not part of a run's id",
      outsideId: true,
    }),
  })
  .prefault({})
  .meta({ description: "How it is trained: AdamW, linear schedule with warm-up, evaluation after every epoch" });

const task = key(text(), { description: "Registered task: what the rows are and which scores judge them" });
const methodName = key(text(), { description: "Registered method" });
const method = { description: "What is trained on the frozen model, with its parameters" };
const model = { description: "Pretrained model; frozen" };

const seed = key(z.int().min(0).max(0xffff_ffff).default(17), {
  description: "Seed of the initial weights, the order of the rows and the dropout",
  source: `${hf("seed")}; the published script uses 17`,
  aliases: ["random_seed", "data_seed"],
});

/** A cell, after names are written as mappings (`model: x` is `model: {name: x}`). */
export const CellSchema = z.strictObject({
  model: key(modelMapping, model),
  task,
  data,
  method: key(z.looseObject({ name: methodName }), method),
  train,
  seed,
});

/** The values of one axis of a sweep. */
const axis = z.union([z.array(z.unknown()).min(1), z.string().regex(RANGE)]);
const labelled = z.looseObject({
  label: key(name(80).optional(), { description: "What this run is called in tables" }),
});

/** Keys of the file, not of a cell. */
const fileKeys = {
  name: key(name(200).optional(), {
    description: "Name of the experiment in the store and in every view",
    defaultText: "the file's name without its ending",
  }),
  extends: key(text().optional(), {
    description: "One other spec that this one changes, relative to this file; everything but its name is taken over",
  }),
  sweep: z
    .strictObject({
      grid: key(z.record(text(), axis).nullish(), {
        description: "Dotted key to a list of values or a range a..b with both ends; every combination becomes a run",
      }),
      zip: key(z.record(text(), axis).nullish(), {
        description:
          "Dotted key to a list or range, all equally long: the first values of all make one run, the second ones another (times the grid)",
      }),
      variants: key(z.array(labelled).min(1).nullish(), {
        description: "List of changes to the spec, each one a run (times the grid), with an optional label",
      }),
      exclude: key(z.array(z.record(text(), z.unknown())).min(1).nullish(), {
        description:
          "List of dotted keys with values; a combination that has all values of an entry is left out. A list or range means any of its values",
      }),
      include: key(z.array(labelled).min(1).nullish(), {
        description:
          "List of dotted keys with values. Where an entry's axis keys fit combinations, its other keys are changed in them; else it is one more run",
      }),
    })
    .nullish()
    .meta({ description: "Which runs the spec makes; without it, one" }),
  on_error: key(
    z
      .union([
        z.literal(["continue", "stop"]),
        z.strictObject({ max: key(count(), { description: "Runs that may fail before nothing new begins" }) }),
      ])
      .default("continue"),
    {
      description:
        "What happens to the remaining runs when one fails: all of them start, none of them starts, or none after N failures",
    },
  ),
  jobs: key(z.union([z.literal("auto"), z.int().min(1).max(64)]).default("auto"), {
    description: "Worker processes at a time on each device; auto: one per CPU core as memory allows, one on each GPU",
    unit: "processes",
  }),
  devices: key(
    z
      .union([
        z.literal(["auto", "cpu"]),
        z
          .array(z.string().regex(GPU))
          .min(1)
          .refine((names) => !hasTwice(names), "names a device twice; `jobs` is the number of workers on each"),
      ])
      .default("auto"),
    {
      description:
        "Where workers train: a list of GPUs (cuda:0 is the first one that CUDA_VISIBLE_DEVICES leaves), cpu, or auto: " +
        "every GPU, or the CPU without one. Not part of a run's id, as long as the precision stays the same",
    },
  ),
};
export const FileSchema = z.strictObject(fileKeys);

/** The whole file; the source of the editor schema and of `explain`. */
export const SpecSchema = z.strictObject({
  name: fileKeys.name,
  extends: fileKeys.extends,
  model: key(z.union([text(), modelMapping]), model),
  task,
  data,
  method: key(z.union([text(), z.looseObject({ name: methodName })]), method),
  train,
  seed,
  sweep: fileKeys.sweep,
  on_error: fileKeys.on_error,
  jobs: fileKeys.jobs,
  devices: fileKeys.devices,
});
