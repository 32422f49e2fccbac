/** The keys under `train`. */
import { z } from "zod";
import { count, hf, key, text } from "./key-docs.js";

export const train = z
  .strictObject({
    num_train_epochs: key(count().default(3), {
      description: "Passes over the training rows",
      unit: "epochs",
      source: `${hf("num_train_epochs")}; E of paper Eq. 11 and 12`,
      aliases: ["epochs", "num_epochs", "max_epochs"],
      ofSteps: true,
    }),
    max_steps: key(count().nullable().default(null), {
      description: "Stop after this many optimizer steps, even within an epoch",
      unit: "optimizer steps",
      source: hf("max_steps"),
      defaultText: "null: all steps of the epochs",
      ofSteps: true,
    }),
    batch_size: key(count().default(32), {
      description: "Rows of one forward pass; times gradient_accumulation_steps is one optimizer step",
      unit: "rows",
      source: hf("per_device_train_batch_size"),
      aliases: ["per_device_train_batch_size", "train_batch_size", "micro_batch_size", "bs"],
      ofSteps: true,
    }),
    eval_batch_size: key(count().default(64), {
      description: "Rows of one forward pass of the evaluation",
      unit: "rows",
      source: hf("per_device_eval_batch_size"),
      aliases: ["per_device_eval_batch_size"],
    }),
    gradient_accumulation_steps: key(count().default(1), {
      description:
        "Forward passes of one optimizer step, whose loss is the mean over all of their rows (of texts: all tokens that count)",
      unit: "forward passes",
      source: hf("gradient_accumulation_steps"),
      ofSteps: true,
    }),
    learning_rate: key(z.number().positive().default(4e-4), {
      description:
        "Peak learning rate of everything but the head: linear warm-up from 0, then linear to 0 at the last step",
      source: `${hf("learning_rate")}; the published GLUE script uses 4e-4 or 5e-4 by task`,
      aliases: ["lr", "peak_lr"],
      ofSteps: true,
    }),
    head_learning_rate: key(z.number().positive().nullable().default(null), {
      description: "Peak learning rate of the classification or regression head",
      source: "the published GLUE script trains the head at half of the learning rate",
      aliases: ["head_lr", "classifier_lr"],
      defaultText: "null: half of train.learning_rate",
      ofSteps: true,
    }),
    warmup_ratio: key(z.number().min(0).max(1).default(0.06), {
      description:
        "Part of all optimizer steps over which the learning rate rises from 0, rounded up to whole steps; without " +
        "effect, and not part of a run's id, where warmup_steps is given",
      unit: "fraction of the steps",
      source: hf("warmup_ratio"),
      aliases: ["warmup"],
      ofSteps: true,
    }),
    warmup_steps: key(z.int().min(0).nullable().default(null), {
      description:
        "Optimizer steps over which the learning rate rises from 0, instead of warmup_ratio, over which it wins where " +
        "both are given; 0: no warm-up. Step number u, from 0, has u / warmup_steps of the peak, also in a run that is " +
        "shorter than its warm-up",
      unit: "optimizer steps",
      source: `${hf("warmup_steps")}; method.md section 7: 100 for instructions`,
      aliases: ["num_warmup_steps", "lr_warmup_steps"],
      defaultText: "null: train.warmup_ratio of the steps",
      since: { day: "2026-11-27", before: null },
      ofSteps: true,
    }),
    weight_decay: key(z.number().min(0).default(0.1), {
      description: "Decoupled weight decay of AdamW, over all trained tensors",
      source: hf("weight_decay"),
      aliases: ["wd"],
      ofSteps: true,
    }),
    adam_beta1: key(z.number().min(0).lt(1).default(0.9), {
      description: "Decay of AdamW's running mean of gradients",
      source: hf("adam_beta1"),
      ofSteps: true,
    }),
    adam_beta2: key(z.number().min(0).lt(1).default(0.999), {
      description: "Decay of AdamW's running mean of squared gradients",
      source: hf("adam_beta2"),
      ofSteps: true,
    }),
    adam_epsilon: key(z.number().positive().default(1e-8), {
      description: "Added to AdamW's denominator",
      source: hf("adam_epsilon"),
      ofSteps: true,
    }),
    max_grad_norm: key(z.number().positive().default(1.0), {
      description: "Gradients are scaled down to this norm over everything that has a gradient",
      unit: "L2 norm",
      source: hf("max_grad_norm"),
      aliases: ["gradient_clipping", "clip_grad_norm"],
      ofSteps: true,
    }),
    max_length: key(z.int().min(4).default(256), {
      description: "Longer texts are cut to this length; shorter ones are not padded to it",
      unit: "tokens",
      source: "transformers tokenizer(max_length)",
      aliases: ["max_seq_length", "max_seq_len", "cutoff_len"],
    }),
    precision: key(z.literal(["auto", "fp32", "mixed"]).default("auto"), {
      description:
        "How products are computed (model.dtype says how weights are held): mixed multiplies in bfloat16 and keeps the rest " +
        "in fp32; auto is mixed where that is faster, " +
        "which is measured on a CPU at the start, else fp32",
      source: "transformers TrainingArguments.bf16",
      aliases: ["bf16", "fp16"],
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
    bundle: key(z.enum(["auto", "numbers", "schedules"]).default("auto"), {
      description:
        "Which runs one worker trains together, as lanes: schedules, those that differ only in merges, injections and " +
        "rules; numbers, also in seed, learning rates, weight decay, alpha and dropout; auto: where that is faster, " +
        "which is all of these but the seed. For lora and the LoR2C family. Changes no number, so it is not part of a " +
        "run's id",
      outsideId: true,
    }),
    holdout: key(z.union([z.number().gt(0).lt(1), count(), z.null()]).default(null), {
      description:
        "Training rows that are not trained on and choose the best epoch, so that the evaluation rows are only " +
        "reported: a share below 1, or a number of rows; drawn with data.split_seed from those of data.train_rows, " +
        "in the proportions of the classes. data.dev_rows makes evaluation rows instead, for rows that come in one " +
        "set: they are reported, and choose the epoch unless there is a holdout",
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
    stop_after_nonfinite: key(count().nullable().default(1), {
      description:
        "A run ends as failed (Diverged) after so many optimizer steps in a row whose loss or gradient norm is not a " +
        "finite number; it keeps the adapter of its best epoch so far. null: it goes on to its end",
      unit: "optimizer steps",
      since: { day: "2026-11-26", before: 1 },
      ofSteps: true,
    }),
    class_weights: key(
      z.union([z.literal(["none", "balanced"]), z.record(text(), z.number().min(0))]).default("none"),
      {
        description:
          "How much the rows of each class count in the training loss, which is the weighted sum divided by the sum of " +
          "the weights of the step's rows; balanced: n / (k * count) of n rows in k classes, over the rows that are " +
          "trained on; a mapping from label to weight: a label that it does not name weighs 1. Scores and the " +
          "evaluation loss stay unweighted",
        source: "torch cross_entropy(weight); sklearn compute_class_weight",
        aliases: ["class_weight", "loss_weights"],
        since: { day: "2026-11-26", before: "none" },
        ofSteps: true,
      },
    ),
    early_stopping_patience: key(count().nullable().default(null), {
      description:
        "A run ends after so many evaluations in a row without a better score on the rows that choose the best epoch. " +
        "The learning rate keeps the schedule of all epochs. Where a method changes its structure (merges, injections, " +
        "AdaLoRA's ranks), the count begins after its last change",
      unit: "evaluations",
      source: "transformers EarlyStoppingCallback(early_stopping_patience)",
      aliases: ["patience", "early_stopping"],
      defaultText: "null: all epochs",
      since: { day: "2026-11-26", before: null },
      ofSteps: true,
    }),
    start_from: key(text().nullable().default(null), {
      description:
        "A stored run, or the folder of its adapter, whose trained tensors are the initial ones: same model, method, " +
        "shapes and labels. The id has the content of the adapter, not its name",
      source: "transformers Trainer.train(resume_from_checkpoint), weights only",
      aliases: ["init_from", "adapter_name_or_path", "resume_from_adapter"],
      defaultText: "null: fresh tensors",
      since: { day: "2026-11-26", before: null },
    }),
    eval_steps: key(count().nullable().default(null), {
      description:
        "Evaluate after every so many optimizer steps, and after the last one, instead of at the end of each epoch. " +
        "The best epoch is then a real number, and train.early_stopping_patience counts these evaluations. Decisions " +
        "of a method keep their own times",
      unit: "optimizer steps",
      source: hf("eval_steps"),
      aliases: ["evaluation_steps", "eval_every", "val_check_interval"],
      defaultText: "null: at the end of each epoch",
      since: { day: "2026-11-27", before: null },
      ofSteps: true,
    }),
    gradient_checkpointing: key(z.boolean().default(false), {
      description:
        "The backward computes each layer again, from its input, instead of keeping what is inside: much less memory " +
        "for activations, and about a third more time per step; changes no number, so it is not part of a run's id",
      source: hf("gradient_checkpointing"),
      outsideId: true,
    }),
    tokens_per_batch: key(count().nullable().default(null), {
      description:
        "Real tokens of one forward pass. The rows of an optimizer step stay those of batch_size times " +
        "gradient_accumulation_steps and are cut anew, the longest first, each into the first batch with room; a longer " +
        "row stands alone. Evaluation too passes so many tokens at once. Numbers change by rounding only. Padding, where " +
        "a model needs it, comes on top",
      unit: "tokens",
      aliases: ["max_tokens", "max_tokens_per_batch", "batch_tokens"],
      defaultText: "null: batch_size rows",
      since: { day: "2026-11-27", before: null },
    }),
    checkpoint_minutes: key(z.number().positive().default(5), {
      description:
        "A checkpoint is written every so many minutes, and when the run is stopped, unless keep.checkpoints is none; " +
        "changes no number, so it is not part of a run's id",
      unit: "minutes",
      aliases: ["save_minutes", "checkpoint_interval"],
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
  .meta({
    description:
      "How it is trained: AdamW, linear schedule with warm-up, evaluation after every epoch or every so many steps",
  });
