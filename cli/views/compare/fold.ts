/** Runs that differ only in their seed, as one row. Pure. */
import { identity } from "../../plan/cell-id.js";
import type { RunRow } from "../../store/read.js";
import type { RunFacts } from "../../store/read-facts.js";
import { distinct } from "../parts/distinct.js";
import { flatten, type Leaf, leafKey } from "./flatten.js";
import { byKey } from "./sets.js";
import { leafText } from "./values.js";

/** So many differing settings make a name; the columns show all of them. */
const NAMED_DIFFERENCES = 3;

export interface Fold {
  name: string;
  /** By seed. */
  runs: RunRow[];
  /** Settings that can change a number, without the seed where there are several. */
  settings: ReadonlyMap<string, Leaf>;
}

/** In the order of the first run of each. `each`: every run is a row of its own. */
export function foldSeeds(runs: readonly RunRow[], facts: ReadonlyMap<string, RunFacts>, each: boolean): Fold[] {
  const settingsOf = identities();
  const parts = runs.map((run) => ({ run, ...settingsOf(facts.get(run.id)) }));
  const groups = byKey(parts, ({ run, key }) => (each ? run.id : key));
  const folds = [...groups.values()].map((group) => {
    const own = group.map(({ run }) => run).toSorted((a, b) => a.seed - b.seed);
    const [first] = group;
    const settings = first?.settings ?? new Map<string, Leaf>();
    const seeded = each && first ? new Map(settings).set("seed", first.run.seed) : settings;
    return { name: nameOf(own, each), runs: own, settings: seeded };
  });
  return withDistinctNames(folds);
}

interface Identity {
  /** Equal for runs that differ in their seed alone. */
  key: string;
  /** Without the seed. */
  settings: ReadonlyMap<string, Leaf>;
}

/** What identifies a run is slow to find out, and the seeds of one row share it. */
function identities(): (facts: RunFacts | undefined) => Identity {
  const known = new Map<string, Identity>();
  return (facts) => {
    const same = JSON.stringify(facts === undefined ? null : [{ ...facts.settings, seed: null }, facts.fingerprint]);
    const found = known.get(same) ?? identityOf(facts);
    known.set(same, found);
    return found;
  };
}

function identityOf(facts: RunFacts | undefined): Identity {
  const settings = facts === undefined ? new Map<string, Leaf>() : flatten(identity(facts.settings));
  settings.delete("seed");
  return { key: JSON.stringify([[...settings].sort(([a], [b]) => (a < b ? -1 : 1)), facts?.fingerprint]), settings };
}

/** The label without the seed; of runs that were planned by different specs, the one that most have. */
function nameOf(runs: readonly RunRow[], each: boolean): string {
  const labels = byKey(runs, ({ label }) => (each ? label : withoutSeed(label)));
  const [[most = ""] = []] = [...labels].sort(([, a], [, b]) => b.length - a.length);
  return most === "" ? (runs[0]?.method ?? "") : most;
}

const withoutSeed = (label: string): string =>
  label
    .split(" ")
    .filter((word) => !/^seed=\d+$/.test(word))
    .join(" ");

/** Rows of equal names get some of the settings that differ between them. */
function withDistinctNames(folds: readonly Fold[]): Fold[] {
  const groups = byKey(folds, ({ name }) => name);
  const texts = distinct(
    folds,
    ({ name }) => name,
    (fold) => [fold.name, ...differenceWords(fold, groups.get(fold.name) ?? [])].join(" "),
  );
  return folds.map((fold) => ({ ...fold, name: texts.get(fold) ?? fold.name }));
}

const differenceWords = ({ settings }: Fold, same: readonly Fold[]): string[] =>
  differingKeys(same)
    .slice(0, NAMED_DIFFERENCES)
    .map((key) => `${key.split(".").at(-1)}=${leafText(settings.get(key))}`);

/** Keys whose values differ between these rows, in the order of the settings. */
export function differingKeys(folds: readonly Pick<Fold, "settings">[]): string[] {
  const keys = [...new Set(folds.flatMap(({ settings }) => [...settings.keys()]))];
  return keys.filter((key) => new Set(folds.map(({ settings }) => leafKey(settings.get(key)))).size > 1);
}
