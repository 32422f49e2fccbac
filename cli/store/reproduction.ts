import { deviceClass } from "./device-class.js";
import { getArtifacts, getAttempt, getEnvironment } from "./read-attempts.js";
import { getFingerprint } from "./read-runs.js";
import type { Store } from "./store.js";

/**
 * Everything that is stored of where and from what an attempt was trained, as texts by dotted name: `lor2c`, `git.commit`,
 * `python`, `device`, `computing.cpu`, `package.torch`, `variable.OMP_NUM_THREADS`, `hash.data`, `hash.adapter`, ... What
 * is not stored, or does not exist, is left out. Two attempts with equal texts were trained alike.
 */
export function reproductionOf(store: Store, attemptId: number): Map<string, string> {
  const attempt = getAttempt(store, attemptId);
  if (!attempt) return new Map();
  const { precision, numerics: _, ...fingerprint } = getFingerprint(store, attempt.run);
  const environment = attempt.environment === null ? undefined : getEnvironment(store, attempt.environment);
  const adapter = getArtifacts(store, attemptId).find(({ kind }) => kind === "adapter")?.sha256;
  const pairs: [string, string | null | undefined][] = [];
  if (environment) {
    pairs.push(
      ["lor2c", environment.worker_version],
      ["git.commit", environment.git_commit],
      ["git.changes", changesText(environment)],
      ["python", environment.python],
      ["platform", environment.platform],
      ["device", environment.device],
      ["device.description", environment.device_description],
      ["device.memory", String(environment.device_memory)],
      ["device.class", deviceClass(environment, precision)],
      ...named("computing", environment.computing),
      ...named("package", environment.packages),
      ...named("variable", environment.variables),
    );
  }
  pairs.push(
    ["numerics", String(attempt.numerics)],
    ["precision", precision],
    ...named("hash", fingerprint),
    ["hash.initial_weights", attempt.initial_weights],
    ["hash.batch_order", attempt.batch_order],
    ["hash.adapter", adapter],
  );
  return new Map(pairs.flatMap(([name, text]) => (text === null || text === undefined ? [] : [[name, text] as const])));
}

/** Null: there is no repository. */
function changesText({ git_dirty, git_diff }: { git_dirty: number | null; git_diff: string | null }): string | null {
  if (git_dirty === null) return null;
  return git_dirty === 0 ? "none" : (git_diff ?? "some, which are not stored");
}

const named = (group: string, texts: Record<string, string>): [string, string][] =>
  Object.entries(texts).map(([name, text]) => [`${group}.${name}`, text]);

export interface StoredDiff {
  sha256: string;
  bytes: number;
  /** Null: too long, or not wanted. */
  text: string | null;
}

/** What differed from the commit of the folder that the attempt was started in. */
export function getDiff(store: Store, attemptId: number): StoredDiff | null {
  const sql = `SELECT d.sha256, d.bytes, d.text FROM attempts a JOIN environments e ON e.id = a.environment
               JOIN git_diffs d ON d.sha256 = e.git_diff WHERE a.id = ?`;
  return (store.prepare(sql).get(attemptId) as StoredDiff | undefined) ?? null;
}
