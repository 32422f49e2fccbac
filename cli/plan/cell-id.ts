import { createHash } from "node:crypto";
import { isAbsolute } from "node:path";
import canonicalize from "canonicalize";
import { methodTrains, shippedCatalog } from "../spec/catalog.js";
import type { Settings } from "../spec/cell.js";
import { type IdRules, shippedIdRules, withoutOutside } from "./id-rules.js";

/** What of `train` acts on steps alone, and so on no number of a model that is only evaluated. */
const OF_STEPS: ReadonlySet<string> = new Set([
  ...["num_train_epochs", "max_steps", "batch_size", "gradient_accumulation_steps", "eval_steps"],
  ...["learning_rate", "head_learning_rate", "warmup_ratio", "warmup_steps", "class_weights"],
  ...["weight_decay", "adam_beta1", "adam_beta2", "adam_epsilon", "max_grad_norm"],
  ...["stop_after_nonfinite", "early_stopping_patience"],
]);

/** The id of a run: a hash of everything that can change one of its numbers, and of nothing else. */
export function cellId(settings: Settings, fingerprint: Record<string, string>, rules?: IdRules): string {
  const content = canonicalize({ settings: identity(settings, rules), fingerprint });
  return createHash("sha256")
    .update(content ?? "")
    .digest("hex")
    .slice(0, 16);
}

const withoutSteps = (train: object): object =>
  Object.fromEntries(Object.entries(train).filter(([key]) => !OF_STEPS.has(key)));

/**
 * The settings without those that cannot change a number, and without later keys that are not used. Paths are left out,
 * and the run to start from, because the fingerprint has the hashes of their contents.
 */
export function identity(settings: Settings, rules: IdRules = shippedIdRules()): object {
  const { model, task, data, train, seed, ...rest } = withoutOutside(settings, rules);
  const { path: _, ...rows } = data;
  const { start_from: __, ...trained } = train;
  // Warm-up steps stand in place of the ratio, which is then without effect.
  const { warmup_ratio: ___, ...inSteps } = trained;
  const training = train.warmup_steps === null || train.warmup_steps === undefined ? trained : inSteps;
  const untrained = !methodTrains(shippedCatalog(), settings.method.name);
  return {
    ...rest,
    ...(untrained ? {} : { seed }),
    model: { ...model, name: isAbsolute(model.name) ? null : model.name },
    // Runs from before labels and metrics could be given have only the name.
    task: Object.keys(task).length === 1 ? task.name : task,
    data: rows,
    train: untrained ? withoutSteps(trained) : training,
  };
}
