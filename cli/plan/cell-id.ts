import { createHash } from "node:crypto";
import { isAbsolute } from "node:path";
import canonicalize from "canonicalize";
import type { Settings } from "../spec/cell.js";

/** Name of a run: a hash of everything that can change one of its numbers, and of nothing else. */
export function cellId(settings: Settings, fingerprint: Record<string, string>): string {
  const content = canonicalize({ settings: identity(settings), fingerprint });
  return createHash("sha256")
    .update(content ?? "")
    .digest("hex")
    .slice(0, 16);
}

/**
 * The settings without what cannot change a number. Paths are out: the fingerprint has the hashes of what lies there.
 * Without a holdout the key is left out, so that runs from before it existed keep their ids.
 */
export function identity(settings: Settings): object {
  const { logging_steps: _, max_lanes: __, report_epoch: ___, holdout, ...rest } = settings.train;
  const train = holdout === undefined || holdout === null ? rest : { ...rest, holdout };
  const { path: ____, ...data } = settings.data;
  const name = isAbsolute(settings.model.name) ? null : settings.model.name;
  return { ...settings, model: { ...settings.model, name }, data, train };
}
