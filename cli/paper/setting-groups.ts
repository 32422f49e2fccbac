/** Groups of runs that may be averaged: equal in everything except the seed. Pure. */
import canonicalize from "canonicalize";
import { identity } from "../plan/cell-id.js";
import { numericsOf } from "../plan/numerics.js";
import { type Catalog, parametersOf } from "../spec/catalog.js";
import { presetName } from "../spec/parameters.js";
import type { ComparableRun, ExperimentRef } from "../store/read-comparable.js";

export interface Group {
  key: string;
  /** Dotted settings and fingerprints, without those that are null. */
  facts: ReadonlyMap<string, string>;
  /** The name of the preset for keys that are equal to one: `method.rules` is `paper`. */
  presets: ReadonlyMap<string, string>;
  runs: ComparableRun[];
  /** The newest experiment that has one of the runs. */
  experiment: ExperimentRef | null;
}

/**
 * `grid`: the runs differ in merges and injections too. The first group is the one to show: that of the newest
 * experiment, then the one with the most finished seeds, then the one that ended last.
 */
export function groupRuns(
  runs: readonly ComparableRun[],
  grid: boolean,
  experiment: string | null,
  catalog: Catalog,
): Group[] {
  const groups = new Map<string, Group>();
  for (const run of runs) {
    const facts = factsOf(run, grid);
    const key = canonicalize(Object.fromEntries(facts)) ?? "";
    const group = groups.get(key) ?? { key, facts, presets: presetsOf(run, catalog), runs: [], experiment: null };
    group.runs.push(run);
    const own = run.experiments.find(({ name }) => experiment === null || name === experiment);
    if (own && (group.experiment === null || newer(own, group.experiment))) group.experiment = own;
    groups.set(key, group);
  }
  return [...groups.values()].sort(byPreference);
}

const newer = (one: ExperimentRef, other: ExperimentRef): boolean =>
  one.last_run_at === other.last_run_at ? one.id > other.id : one.last_run_at > other.last_run_at;

function byPreference(a: Group, b: Group): number {
  if (a.experiment?.id !== b.experiment?.id) {
    if (a.experiment === null) return 1;
    if (b.experiment === null) return -1;
    return newer(a.experiment, b.experiment) ? -1 : 1;
  }
  const finished = (group: Group) => new Set(group.runs.filter(isFinished).map((run) => run.seed)).size;
  const ended = (group: Group) =>
    group.runs
      .map((run) => run.ended_at ?? "")
      .sort()
      .at(-1) ?? "";
  return finished(b) - finished(a) || ended(b).localeCompare(ended(a)) || a.key.localeCompare(b.key);
}

export const isFinished = (run: ComparableRun): boolean => run.state === "finished";

function factsOf(run: ComparableRun, grid: boolean): Map<string, string> {
  const { seed: _, method, ...rest } = identity(run.settings) as { seed: number; method: Record<string, unknown> };
  const { merges, injections, ...fixed } = method;
  const facts = new Map<string, string>();
  flatten({ ...rest, method: grid ? fixed : { ...fixed, merges, injections } }, "", facts);
  for (const [name, value] of Object.entries(run.fingerprint)) facts.set(`${name} (content)`, value);
  if (run.evaluated !== undefined) facts.set("evaluation (content)", run.evaluated);
  facts.delete("numerics (content)");
  facts.set("numerics", String(numericsOf(run.fingerprint)));
  return facts;
}

function presetsOf({ settings: { method } }: ComparableRun, catalog: Catalog): Map<string, string> {
  return new Map(
    parametersOf(catalog, method.name).flatMap((parameter): [string, string][] => {
      const name = parameter.type === "preset" ? presetName(parameter, method[parameter.name] ?? null) : undefined;
      return name === undefined ? [] : [[`method.${parameter.name}`, name]];
    }),
  );
}

/**
 * Null is left out, so that a key that a later version adds with the default null does not separate old runs from new
 * ones.
 */
function flatten(value: unknown, path: string, into: Map<string, string>): void {
  if (value === null || value === undefined) return;
  if (typeof value !== "object" || Array.isArray(value)) {
    into.set(path, typeof value === "string" ? value : JSON.stringify(value));
    return;
  }
  for (const [key, inner] of Object.entries(value)) flatten(inner, path === "" ? key : `${path}.${key}`, into);
}

/**
 * What differs in `other`: `train.num_train_epochs 3`; contents of data or weights without their hash; for a key that
 * is a preset in both, the preset's name instead of its fields.
 */
export function differingSettings(group: Group, other: Group): string[] {
  const named = [...group.presets.keys()].filter((key) => other.presets.has(key));
  const facts = ({ facts: all, presets }: Group) =>
    new Map([
      ...[...all].filter(([key]) => !named.some((preset) => key.startsWith(`${preset}.`))),
      ...named.map((preset) => [preset, presets.get(preset) as string] as const),
    ]);
  const [own, others] = [facts(group), facts(other)];
  return [...new Set([...own.keys(), ...others.keys()])]
    .filter((key) => own.get(key) !== others.get(key))
    .map((key) => {
      if (key.endsWith(" (content)") && key !== "precision (content)") return `other ${key.replace(" (content)", "")}`;
      return `${key.replace(" (content)", "")} ${others.get(key) ?? "unset"}`;
    })
    .sort();
}
