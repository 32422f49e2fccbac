import { createHash } from "node:crypto";
import { isAbsolute } from "node:path";
import canonicalize from "canonicalize";
import type { Settings } from "../spec/cell.js";
import { type IdRules, shippedIdRules, withoutOutside } from "./id-rules.js";

/** The id of a run: a hash of everything that can change one of its numbers, and of nothing else. */
export function cellId(settings: Settings, fingerprint: Record<string, string>, rules?: IdRules): string {
  const content = canonicalize({ settings: identity(settings, rules), fingerprint });
  return createHash("sha256")
    .update(content ?? "")
    .digest("hex")
    .slice(0, 16);
}

/**
 * The settings without those that cannot change a number, and without later keys that are not used. Paths are left out,
 * and the run to start from, because the fingerprint has the hashes of their contents.
 */
export function identity(settings: Settings, rules: IdRules = shippedIdRules()): object {
  const { model, task, data, train, ...rest } = withoutOutside(settings, rules);
  const { path: _, ...rows } = data;
  const { start_from: __, ...trained } = train;
  // Warm-up steps stand in place of the ratio, which is then without effect.
  const { warmup_ratio: ___, ...inSteps } = trained;
  const training = train.warmup_steps === null || train.warmup_steps === undefined ? trained : inSteps;
  return {
    ...rest,
    model: { ...model, name: isAbsolute(model.name) ? null : model.name },
    // Runs from before labels and metrics could be given have only the name.
    task: Object.keys(task).length === 1 ? task.name : task,
    data: rows,
    train: training,
  };
}
