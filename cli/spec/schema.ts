/**
 * Every key of a spec, once: its meaning, allowed values, unit, default and source. The keys of `train` are in
 * train-schema.ts; parameters of methods are in the catalog, which the worker writes. `explain`, the editor schema and
 * all messages are made from this file.
 */
import { z } from "zod";
import { adapter } from "./adapter-schema.js";
import { evaluate } from "./evaluate-schema.js";
import { GPU, hasTwice } from "./gpu-names.js";
import { keep } from "./keep-schema.js";
import { count, hf, key, name, text } from "./key-docs.js";
import { RANGE } from "./range.js";
import { train } from "./train-schema.js";

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
  dtype: key(z.literal(["auto", "bf16", "fp32"]).default("auto"), {
    description:
      "How frozen weights are held (train.precision says how products are computed): bf16 rounds the backbone's matrices " +
      "and embeddings; auto holds those matrices in bf16 that are multiplied in it anyway, which changes no number, and " +
      "everything else in fp32. Norms, biases, adapters, the head that trains and the optimizer are always in fp32",
    source: "transformers from_pretrained(dtype)",
    aliases: ["torch_dtype", "weights_dtype"],
    since: { day: "2026-11-27", before: "auto" },
  }),
  quantization: key(z.literal(["none", "int8", "nf4"]).default("none"), {
    description:
      "Hold the matrices of the frozen backbone in 8 or 4 bits, for every method that does not change them: int8 has a " +
      "scale for each row, nf4 one for 64 weights, quantised again (QLoRA). Embeddings, norms and the head stay",
    source: "QLoRA (arXiv 2305.14314) section 3; transformers BitsAndBytesConfig",
    aliases: ["quantisation", "load_in", "quantization_config"],
    since: { day: "2026-11-27", before: "none" },
  }),
});

/** A column, or several whose texts are joined. */
const texts = () => z.union([text(), z.array(text()).min(1)]);

const data = z
  .strictObject({
    path: key(text().nullable().default(null), {
      description:
        "Folder with a file for each split (train and dev; the ending says the format: csv, tsv, jsonl, parquet; of texts also " +
        "json, json.gz, jsonl.gz), or, with dev_rows, one file; relative to this file. At most one of path and hub",
      aliases: ["train_file", "data_files", "data_dir"],
      defaultText: "the task's own source",
    }),
    hub: key(text().nullable().default(null), {
      description: "Data set on the hub that has the rows; at most one of path and hub",
      source: "datasets load_dataset(path)",
      defaultText: "the task's own source",
    }),
    config: key(text().nullable().default(null), {
      description: "Configuration of the data set on the hub",
      source: "datasets load_dataset(name)",
      aliases: ["dataset_config_name", "dataset_config", "subset"],
      defaultText: "null: the task's own, or the hub's default",
      since: { day: "2026-11-26", before: null },
    }),
    train_split: key(text().nullable().default(null), {
      description: "Split of the training rows: its name on the hub, or of its file in the folder without the ending",
      source: "datasets load_dataset(split)",
      aliases: ["train_split_name", "dataset_train_split"],
      defaultText: "null: train",
      since: { day: "2026-11-26", before: null },
    }),
    dev_split: key(text().nullable().default(null), {
      description: "Split of the evaluation rows: its name on the hub, or of its file in the folder without the ending",
      source: "datasets load_dataset(split)",
      aliases: ["eval_split", "validation_split_name", "dataset_test_split"],
      defaultText: "null: dev, validation or eval, the first that is there",
      since: { day: "2026-11-26", before: null },
    }),
    dev_rows: key(z.union([z.number().gt(0).lt(1), count(), z.null()]).default(null), {
      description:
        "Rows that become the evaluation rows, where there is only one set of rows: a share below 1, or a number; drawn " +
        "with split_seed, in the proportions of the classes. They are reported and, unless train.holdout is set, also " +
        "choose the best epoch; train.holdout takes rows out of the training rows instead, only to choose the epoch",
      unit: "share of the rows, or rows",
      source: "scikit-learn train_test_split(test_size)",
      aliases: ["test_size", "dev_share"],
      defaultText: "null: the rows come in two splits",
      since: { day: "2026-11-26", before: null },
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
          text: key(texts().nullable().default(null), {
            description: "Column of the text, or of the first text of a pair; a list of columns is joined",
            defaultText: "null: own rows: text, sentence, text1 or sentence1, where one is there",
          }),
          text_pair: key(texts().nullable().default(null), {
            description: "Column of the second text of a pair; a list of columns is joined",
            defaultText: "null: single texts; own rows without text: the second of a known pair",
          }),
          label: key(text().nullable().default(null), {
            description: "Column of the label",
            aliases: ["label_column_name", "target"],
            defaultText: "null: own rows: label or labels, for regress label or score",
          }),
          prompt: key(text().nullable().default(null), {
            description: "Column of what a response answers, of task instruct",
            aliases: ["prompt_column", "instruction"],
            defaultText: "null: instruction, prompt or question, the first that is there",
            since: { day: "2026-11-27", before: null },
          }),
          input: key(text().nullable().default(null), {
            description: "Column of what a prompt is about, of task instruct; a row may leave it empty",
            aliases: ["context_column"],
            defaultText: "null: input or context, where one is there",
            since: { day: "2026-11-27", before: null },
          }),
          response: key(text().nullable().default(null), {
            description: "Column of the text that is learnt, of task instruct",
            aliases: ["response_column", "completion"],
            defaultText: "null: output, response, completion or answer, the first that is there",
            since: { day: "2026-11-27", before: null },
          }),
          messages: key(text().nullable().default(null), {
            description: "Column of conversations, of task instruct: lists of objects with role and content",
            source: "trl SFTTrainer, conversational format",
            aliases: ["conversations"],
            defaultText:
              "null: messages, conversation or conversations, where one is there and no other column is named",
            since: { day: "2026-11-27", before: null },
          }),
          separator: key(z.string().default(" "), {
            description: "Written between the texts of several columns",
            since: { day: "2026-11-26", before: " " },
          }),
        })
        .nullable()
        .default(null),
      {
        description: "Names of the columns, if the rows come from your own table",
        defaultText: "the task's own",
      },
    ),
    template: key(text().nullable().default(null), {
      description:
        "What task instruct writes before a response: alpaca, none (the prompt, and its input after a blank line), chat (the " +
        "tokenizer's chat template), or a text with {prompt} and, where rows have one, {input}",
      aliases: ["prompt_template", "prompt_template_name", "chat_template"],
      defaultText: "null: chat for conversations, else alpaca",
      since: { day: "2026-11-27", before: null },
    }),
    train_on: key(z.enum(["response", "all"]).default("response"), {
      description:
        "Which tokens of a text count, in training and evaluation: those of responses (and of a conversation's answers), or " +
        "all, as the published script has it",
      source: "the published Llama script's train_on_inputs",
      aliases: ["train_on_inputs", "mask_inputs", "completion_only_loss", "assistant_only_loss"],
      since: { day: "2026-11-27", before: "response" },
    }),
  })
  .prefault({})
  .meta({ description: "Which rows are used, and how a task of texts writes them" });
const taskMapping = z.strictObject({
  name: key(text(), {
    description: "Registered task; classify, regress or instruct for your own rows",
    aliases: ["task_name"],
  }),
  labels: key(
    z
      .array(z.union([text(), z.int().transform(String)]))
      .min(2)
      .nullable()
      .default(null),
    {
      description:
        "Names of the classes of your own rows, in the order of the model's outputs; any other label is an error",
      source: "transformers PreTrainedConfig.id2label",
      aliases: ["label_names", "label_list", "classes", "id2label"],
      defaultText: "null: those of the rows, sorted",
      since: { day: "2026-11-26", before: null },
    },
  ),
  metrics: key(z.array(text()).min(1).nullable().default(null), {
    description: "Scores that are computed; the first one chooses the best epoch unless train.score names another",
    source: "scikit-learn metrics, scipy.stats",
    defaultText: "null: all of the task",
    since: { day: "2026-11-26", before: null },
  }),
});
const task = { description: "What the rows are and which scores judge them" };
const methodName = key(text(), { description: "Registered method" });
const method = { description: "What is trained on the frozen model, with its parameters" };
const model = { description: "Pretrained model; frozen" };

const seed = key(z.int().min(0).max(0xffff_ffff).default(17), {
  description: "Seed of the initial weights, the order of the rows and the dropout",
  source: `${hf("seed")}; the published script uses 17`,
  aliases: ["random_seed", "data_seed"],
  ofSteps: true,
});

/** A cell, after names are written as mappings (`model: x` is `model: {name: x}`). */
export const CellSchema = z.strictObject({
  model: key(modelMapping, model),
  task: key(taskMapping, task),
  data,
  method: key(z.looseObject({ name: methodName }), method),
  train,
  seed,
  adapter,
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
  keep: keep.prefault({}).meta({ description: "Which files stay when a job is over; not part of a run's id" }),
  evaluate: key(evaluate.nullish(), {
    description:
      "Scores the finished runs on benchmarks after training, as a second stage; not part of a run's id. null: no such stage",
  }),
};
export const FileSchema = z.strictObject(fileKeys);

/** The whole file; the source of the editor schema and of `explain`. */
export const SpecSchema = z.strictObject({
  name: fileKeys.name,
  extends: fileKeys.extends,
  model: key(z.union([text(), modelMapping]), model),
  task: key(z.union([text(), taskMapping]), task),
  data,
  method: key(z.union([text(), z.looseObject({ name: methodName })]), method),
  train,
  seed,
  adapter,
  sweep: fileKeys.sweep,
  on_error: fileKeys.on_error,
  jobs: fileKeys.jobs,
  devices: fileKeys.devices,
  keep: fileKeys.keep,
  evaluate: fileKeys.evaluate,
});
