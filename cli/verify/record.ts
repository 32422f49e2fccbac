/** From stored runs to what a reference has of them. */
import { UsageError } from "../errors.js";
import { shippedIdRules, withoutOutside } from "../plan/id-rules.js";
import type { Mapping } from "../spec/merge.js";
import {
  bundlesOf,
  getArtifacts,
  getAttempt,
  getChanges,
  getFingerprint,
  getMetrics,
  getSettings,
  type MetricRow,
  type RunRow,
  reproductionOf,
} from "../store/read.js";
import type { Store } from "../store/store.js";
import { isCompared } from "./compare-runs.js";
import type { Reference, ReferenceClass, ReferenceRun } from "./reference.js";
import { weightsHash } from "./weights-hash.js";

export type Setting = ReferenceRun["settings"][string];
type Recorded = { run: ReferenceRun; environment: Map<string, string> };

/** Replaces the device class of these runs in a reference, and leaves its other classes alone. Throws UsageError. */
export function record(store: Store, runs: readonly RunRow[], reference: Reference): Reference {
  const classes = new Map<string, Map<string, Recorded>>();
  for (const run of runs) {
    const recorded = recordRun(store, run);
    const name = recorded.environment.get("device.class");
    if (name === undefined) {
      throw new UsageError(
        "REFERENCE",
        `run ${run.id} (${run.label}) was trained before device classes were stored`,
        "train it again: lor2c run SPEC --force",
      );
    }
    classes.set(name, (classes.get(name) ?? new Map()).set(run.id, recorded));
  }
  const [one, ...others] = [...classes].map(([name, recorded]) => `    ${recorded.size} in ${name}`);
  if (others.length > 0) {
    throw new UsageError(
      "REFERENCE",
      `these runs were trained in several device classes, and a class needs all of them:\n${[one, ...others].join("\n")}`,
      "train all of them in one class (a precision is part of it), or record fewer runs at a time, each time into a file of its own",
    );
  }
  const own = [...classes].map(([name, recorded]) => [name, classOf(recorded)] as const);
  return { ...reference, classes: { ...reference.classes, ...Object.fromEntries(own) } };
}

/** What `record` did to the device classes of a file: which it replaced or added, and how many stay. */
export function recordedTexts(before: Reference, after: Reference): string[] {
  const count = (of: Reference, name: string) => Object.keys(of.classes[name]?.runs ?? {}).length;
  const runs = (of: Reference, name: string) => `${count(of, name)} ${count(of, name) === 1 ? "run" : "runs"}`;
  const own = Object.keys(after.classes).filter((name) => after.classes[name] !== before.classes[name]);
  const others = Object.keys(after.classes).length - own.length;
  const kept = others === 0 ? "" : `; ${others} other device ${others === 1 ? "class stays" : "classes stay"}`;
  return own.map((name) =>
    name in before.classes
      ? `replaced the device class ${name}: ${runs(after, name)} instead of ${runs(before, name)}${kept}`
      : `added the device class ${name}: ${runs(after, name)}${kept}`,
  );
}

/** Settings that all runs have alike stand once. */
function classOf(recorded: ReadonlyMap<string, Recorded>): ReferenceClass {
  const runs = [...recorded].map(([id, { run }]) => [id, run] as const);
  const [first] = runs;
  const alike = Object.entries(first?.[1].settings ?? {}).filter(([key, setting]) =>
    runs.every(([, { settings }]) => key in settings && JSON.stringify(settings[key]) === JSON.stringify(setting)),
  );
  const shared = new Set(alike.map(([key]) => key));
  const own = (run: ReferenceRun): ReferenceRun => ({
    ...run,
    settings: Object.fromEntries(Object.entries(run.settings).filter(([key]) => !shared.has(key))),
  });
  return {
    environment: summaryOf([...recorded.values()].map(({ environment }) => environment)),
    settings: Object.fromEntries(alike),
    runs: Object.fromEntries(runs.map(([id, run]) => [id, own(run)])),
  };
}

/** What all runs have alike of what explains other numbers. Paths and addresses, which variables have, stay out. */
function summaryOf(environments: readonly ReadonlyMap<string, string>[]): Record<string, string> {
  const [first = new Map<string, string>(), ...others] = environments;
  const kept = [...first].filter(
    ([name, text]) => EXPLAINS.test(name) && others.every((other) => other.get(name) === text),
  );
  return Object.fromEntries(kept);
}

const EXPLAINS = /^(lor2c|git\.commit|python|platform|device\.description|numerics|computing\..+|package\..+)$/;

/** Throws UsageError if the run is not finished. */
export function recordRun(store: Store, row: RunRow): Recorded {
  const attempt = row.attempt_id === null ? undefined : getAttempt(store, row.attempt_id);
  if (row.state !== "finished" || !attempt) {
    const hint = "lor2c run SPEC trains what is left";
    throw new UsageError("RUN_NOT_FINISHED", `run ${row.id} (${row.label}) is not finished but ${row.state}`, hint);
  }
  const environment = reproductionOf(store, attempt.id);
  const adapter = getArtifacts(store, attempt.id).find(({ kind }) => kind === "adapter")?.path;
  const hashes: [string, string | null | undefined][] = [
    ["initial_weights", attempt.initial_weights],
    ["batch_order", attempt.batch_order],
    ["adapter", adapter === undefined ? null : weightsHash(adapter)],
  ];
  const metrics = getMetrics(store, attempt.id);
  const run = {
    label: row.label,
    settings: settingsInId(getSettings(store, row.id)),
    contents: getFingerprint(store, row.id),
    hashes: Object.fromEntries(hashes.flatMap(([name, hash]) => (hash ? [[name, hash]] : []))),
    lanes: bundlesOf(store, [attempt.id])[0]?.lane_width ?? null,
    changes: getChanges(store, attempt.id).map(({ step, kind, span_start, span_end }) => ({
      step,
      kind,
      layers: span_start === span_end ? String(span_start) : `${span_start} to ${span_end}`,
    })),
    evaluations: evaluationsOf(metrics),
    final_loss: finalLoss(metrics),
    best: { name: attempt.score_name, score: attempt.best_score, epoch: attempt.best_epoch },
  };
  return { run, environment };
}

/** By dotted key. */
export function settingsInId(settings: Mapping): Record<string, Setting> {
  const found: Record<string, Setting> = {};
  const add = (value: unknown, key: string): void => {
    if (value === null || typeof value !== "object" || Array.isArray(value)) found[key] = value as Setting;
    else for (const [name, inner] of Object.entries(value)) add(inner, key === "" ? name : `${key}.${name}`);
  };
  add(withoutOutside(settings, shippedIdRules()), "");
  return found;
}

function evaluationsOf(metrics: readonly MetricRow[]): ReferenceRun["evaluations"] {
  const found = new Map<string, ReferenceRun["evaluations"][number]>();
  for (const { split, name, step, value } of metrics) {
    if (split === "train" || !isCompared({ split, name })) continue;
    const key = `${split} ${step}`;
    const evaluation = found.get(key) ?? { step, split, values: {} };
    evaluation.values[name] = value;
    found.set(key, evaluation);
  }
  return [...found.values()].sort((a, b) => a.step - b.step || (a.split < b.split ? -1 : 1));
}

function finalLoss(metrics: readonly MetricRow[]): ReferenceRun["final_loss"] {
  const losses = metrics.filter(({ split, name }) => split === "train" && name === "loss");
  const last = losses.at(-1);
  return last ? { step: last.step, over: last.step - (losses.at(-2)?.step ?? 0), value: last.value } : null;
}
