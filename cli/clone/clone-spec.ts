/**
 * The spec of stored runs as a text. That of an experiment is its own, with its comments, as long as it still gives the
 * stored runs; otherwise, and for a single run, it is made of the stored settings.
 */

import { basename, dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import canonicalize from "canonicalize";
import { SpecError, UsageError } from "../errors.js";
import { shippedIdRules, withoutOutside } from "../plan/id-rules.js";
import type { Settings } from "../spec/cell.js";
import { nameFrom } from "../spec/characters.js";
import { readExtended } from "../spec/extends.js";
import { ProblemList } from "../spec/issues.js";
import { KEEPS_ALL, type Keep } from "../spec/keep-schema.js";
import { type LoadedSpec, loadSpecText, mergedDocument } from "../spec/load.js";
import { type Mapping, setAt } from "../spec/merge.js";
import { modeline } from "../spec/modeline.js";
import { STDIN } from "../spec/places.js";
import { readSpecText } from "../spec/read-file.js";
import { parseSetFlags } from "../spec/set-flags.js";
import {
  CANNOT_RUN,
  chooseRuns,
  type ExperimentRow,
  experimentCells,
  getRun,
  getSettings,
  leftOutCells,
} from "../store/read.js";
import type { Store } from "../store/store.js";
import { editYaml, yamlOf } from "./edit-yaml.js";
import { documentOf, type StoredCell } from "./from-settings.js";
import { movePaths, moveValue } from "./move-paths.js";

export interface Clone {
  text: string;
  /** Runs that it describes. */
  runs: number;
  /** Whether the text and comments of the experiment's spec were kept. */
  kept: boolean;
}

/**
 * `file`: where the text is to be; null: nowhere, with paths from the working folder, as for a spec from stdin.
 * Throws UsageError or SpecError when there is no such run, or `sets` do not fit.
 */
export function cloneSpec(store: Store, what: string, sets: readonly string[], file: string | null): Clone {
  const { experiment, runs } = chooseRuns(store, what);
  const cells = storedCells(store, experiment, runs);
  const place = file ?? STDIN;
  const own = experiment && ownText(store, experiment, cells, place);
  const base = own ?? textOf(what, experiment, cells, place);
  // Problems of `sets` are told with their own places.
  const wanted = loadSpecText(base, place, sets);
  const { text, spec } = changed(base, place, sets, file);
  if (!isDeepStrictEqual(spec.cells.map(key), wanted.cells.map(key))) {
    throw new Error("the spec that was written does not mean what it should");
  }
  return { text: withModeline(text, place), runs: spec.cells.length, kept: own !== null };
}

function storedCells(store: Store, experiment: ExperimentRow | null, runs: readonly string[]): StoredCell[] {
  const labels = experiment && new Map(experimentCells(store, experiment.id).map(({ run, label }) => [run, label]));
  return runs.map((id) => ({
    label: labels?.get(id) ?? getRun(store, id)?.label ?? id,
    settings: complete(getSettings(store, id) as unknown as Settings),
  }));
}

/** Runs from before a key was there were trained as with its `before`. */
function complete(settings: Settings): Settings {
  const missing = shippedIdRules().later.filter(
    ({ path: [section = "", name = ""], method }) =>
      (method === null || method === settings.method.name) &&
      !Object.hasOwn(((settings as Mapping)[section] as Mapping) ?? {}, name),
  );
  return missing.reduce((all, { path, before }) => setAt(all, path, before), settings as unknown) as Settings;
}

/** All that a run's id and files depend on, as one text. */
const key = ({ settings }: { settings: Settings }): string =>
  canonicalize(withoutOutside(settings, shippedIdRules())) ?? "";

/** The experiment's own text with what it extends and its `--set`; null if that does not give the stored runs now. */
function ownText(store: Store, experiment: ExperimentRow, cells: readonly StoredCell[], place: string): string | null {
  const from = experiment.spec_file ?? STDIN;
  const problems = new ProblemList();
  const source = readSpecText(experiment.spec_text, from, problems);
  const base = source && readExtended(source, problems);
  if (!source || base === null) return null;
  const move = (value: Mapping, file: string) => movePaths(value, dirname(file), dirname(place));
  const flags = parseSetFlags(JSON.parse(experiment.sets), problems).map(({ path, value }) => ({
    path,
    value: moveValue(value, path.join("."), ".", dirname(place)),
  }));
  const document = mergedDocument(move(source.value, from), base ? move(base.value, base.file) : {}, flags);
  try {
    const { text, spec } = written(experiment.spec_text, source.value, document, place);
    const evaluate = experiment.evaluate === null ? null : JSON.parse(experiment.evaluate);
    const same = gives(spec.cells.map(key), cells.map(key), untrained(store, experiment.id));
    const alike = isDeepStrictEqual(plain(spec.evaluate), evaluate) && isDeepStrictEqual(spec.keep, keepOf(experiment));
    return same && alike ? text : null;
  } catch (error) {
    if (error instanceof SpecError) return null;
    throw error;
  }
}

const keepOf = ({ keep_adapters: adapters, keep_checkpoints: checkpoints }: ExperimentRow): Keep => ({
  adapters,
  checkpoints,
});

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** A spec may also have combinations that could not be trained, and are no runs. */
const gives = (found: readonly string[], stored: readonly string[], untrained: number): boolean =>
  stored.every((one) => found.includes(one)) && found.length - stored.length <= untrained;

const untrained = (store: Store, experiment: number): number =>
  leftOutCells(store, experiment).filter(({ reason }) => reason.startsWith(CANNOT_RUN)).length;

/** Throws UsageError if the stored settings make no spec of this program. */
function textOf(what: string, experiment: ExperimentRow | null, cells: readonly StoredCell[], place: string): string {
  const [first, ...rest] = cells;
  if (!first) throw new UsageError("NOTHING_TO_CLONE", `${what} has no runs`);
  const evaluate = experiment?.evaluate ? { evaluate: JSON.parse(experiment.evaluate) } : {};
  const others = Object.entries(experiment ? keepOf(experiment) : {}).filter(
    ([key, value]) => value !== KEEPS_ALL[key as keyof Keep],
  );
  const keep = others.length === 0 ? {} : { keep: Object.fromEntries(others) };
  const name = experiment ? { name: experiment.name } : {};
  const document = { ...name, ...documentOf([first, ...rest]), ...keep, ...evaluate };
  const text = `# The stored settings of ${experiment ? "an experiment" : "one run"}, without those at their defaults.\n\n${yamlOf(document)}`;
  let problem = "other runs would come out";
  try {
    const spec = loadSpecText(text, place);
    if (gives(spec.cells.map(key), cells.map(key), 0)) return text;
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    problem = error.message;
  }
  throw new UsageError(
    "CLONE_DIFFERS",
    `the stored settings of ${what} do not make a spec of this lor2c: ${problem}`,
    `lor2c show ${what} settings prints them`,
  );
}

function changed(base: string, place: string, sets: readonly string[], file: string | null): Written {
  const problems = new ProblemList();
  const source = readSpecText(base, place, problems);
  if (!source) throw new SpecError(problems.sorted(place));
  const flags = parseSetFlags(sets, problems).map(({ path, value }) => ({
    path,
    value: moveValue(value, path.join("."), ".", dirname(place)),
  }));
  // Without a name of its own a spec is called after its file.
  const named =
    file !== null && source.value.name !== undefined && !flags.some(({ path }) => path.join(".") === "name");
  const name = named ? { name: nameFrom(basename(file).replace(/\.ya?ml$/i, "")) } : {};
  return written(base, source.value, { ...mergedDocument(source.value, {}, flags), ...name }, place);
}

interface Written {
  text: string;
  spec: LoadedSpec;
}

/**
 * `text`, whose value is `before`, changed to mean `after`. Where a command line has narrowed a sweep, excludes may be
 * left that exclude nothing: a command line may do that, a file may not.
 */
function written(text: string, before: Mapping, after: Mapping, place: string): Written {
  const edited = editYaml(text, before, after);
  try {
    return { text: edited, spec: loadSpecText(edited, place) };
  } catch (error) {
    const useless =
      error instanceof SpecError ? error.problems.map(({ path }) => EXCLUDE.exec(path)?.[1]) : [undefined];
    const { exclude, ...sweep } = (after.sweep ?? {}) as Mapping;
    if (useless.includes(undefined) || !Array.isArray(exclude)) throw error;
    const rest = exclude.filter((_, index) => !useless.includes(String(index)));
    const narrowed = { ...after, sweep: { ...sweep, ...(rest.length > 0 && { exclude: rest }) } };
    return written(text, before, narrowed, place);
  }
}

const EXCLUDE = /^sweep\.exclude\[(\d+)\]$/;

/** With the comment that tells editors where the schema is, in place of an earlier one. */
function withModeline(text: string, place: string): string {
  const rest = text.replace(/^\uFEFF/, "").replace(/^# yaml-language-server: [^\n]*\n/, "");
  return `${modeline(place)}\n${rest}`;
}
