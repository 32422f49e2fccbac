import { basename } from "node:path";
import type { z } from "zod";
import { SpecError, type SpecProblem } from "../errors.js";
import { type Catalog, shippedCatalog } from "./catalog.js";
import type { Cell } from "./cell.js";
import { nameFrom } from "./characters.js";
import type { EvaluationRequest } from "./evaluate-schema.js";
import { readExtended } from "./extends.js";
import { type Issue, issuesOf, ProblemList, UNKNOWN_KEY } from "./issues.js";
import type { Keep } from "./keep-schema.js";
import { specJsonSchemaRaw } from "./keys.js";
import { labelCells, shownKeys, type Unlabelled } from "./labels.js";
import { excludedValues, type LeftOut, leftOutAs } from "./left-out.js";
import { anchoredValue } from "./local-paths.js";
import { type Mapping, merge, setAt } from "./merge.js";
import { dotted, type Layer, type Path, SET_FLAG, STDIN } from "./places.js";
import { readSpecFile, readSpecText, type SpecFile } from "./read-file.js";
import { cellResolver } from "./resolve.js";
import { FileSchema } from "./schema.js";
import { SetEffects } from "./set-effect.js";
import { parseSetFlags, type SetFlag } from "./set-flags.js";
import { type Combination, type Excluded, expand, expandSome, readSweep } from "./sweep.js";
import { unscorable } from "./task-issues.js";

type FileSettings = z.output<typeof FileSchema>;

export interface LoadedSpec {
  file: string;
  name: string;
  /** The file as it was read. */
  text: string;
  /** The file that it extends, as a path from the working folder. */
  extends: string | null;
  /** After this many failures no further run starts. */
  maxFailures: number;
  jobs: FileSettings["jobs"];
  devices: FileSettings["devices"];
  /** What is evaluated after training; null: nothing. */
  evaluate: EvaluationRequest | null;
  /** Which adapters stay when the job is over. */
  keep: Keep;
  cells: Cell[];
  /** Combinations of the sweep that are not trained. */
  leftOut: LeftOut[];
  /** Information for the user that needs no action. */
  notes: string[];
  /** The spec with `extends` and `--set` applied, before the sweep and without defaults. */
  document: Mapping;
}

/** Reads, merges, checks and expands a spec. Throws one SpecError with all problems. */
export function loadSpec(file: string, sets: readonly string[] = [], catalog: Catalog = shippedCatalog()): LoadedSpec {
  return load(file, sets, catalog, (problems) => readSpecFile(file, problems));
}

/** The same for a text, as if it were in `file`. */
export function loadSpecText(text: string, file: string, sets: readonly string[] = []): LoadedSpec {
  return load(file, sets, shippedCatalog(), (problems) => readSpecText(text, file, problems));
}

/** A spec with what it extends and with `--set`, before the sweep and without defaults. */
export function mergedDocument(
  own: Mapping,
  base: Mapping,
  flags: readonly Pick<SetFlag, "path" | "value">[],
): Mapping {
  const { extends: _, ...rest } = own;
  const { name: __, ...inherited } = base;
  const document = merge(merge({}, inherited), rest);
  return flags.reduce((changed, { path, value }) => setAt(changed, path, value), document) as Mapping;
}

function load(
  file: string,
  sets: readonly string[],
  catalog: Catalog,
  read: (problems: ProblemList) => SpecFile | undefined,
): LoadedSpec {
  const problems = new ProblemList();
  const flags = parseSetFlags(sets, problems);
  const source = read(problems);
  if (!source) throw new SpecError(problems.sorted(file));
  const base = readExtended(source, problems);

  const layers = [...(base ? [base.layer] : []), source.layer, ...flags.map((flag) => flag.layer)];
  const document = mergedDocument(source.value, base?.value ?? {}, flags);

  const [fileKeys, cellKeys] = split(document);
  const checked = FileSchema.safeParse(fileKeys);
  if (!checked.success) problems.addIssues(issuesOf(checked.error.issues, specJsonSchemaRaw(), document), layers);

  const sweep = readSweep(document.sweep, layers, catalog);
  problems.addIssues(sweep.issues, layers);
  // If a part that contributes to the cells cannot be used, nothing is required that it might have set.
  const incomplete = !checked.success || sweep.issues.length > 0 || base === null;
  const counts = (issue: Issue) =>
    !(incomplete && issue.missing) && !(sweep.methodUnknown && issue.path[0] === "method" && issue.path.length > 1);
  const resolve = cellResolver(catalog);
  // A wrong value is reported even if the sweep replaces it in every run; only another method has other keys.
  const alone: Issue[] = resolve(cellKeys, layers).issues;
  problems.addIssues(
    alone.filter((issue) => !issue.missing && !(issue.path[0] === "method" && issue.want === "key")),
    layers,
  );

  const effects = new SetEffects(flags);
  const cells = new Map<string, Unlabelled>();
  let combined = 0;
  const use = ({ document: cellDocument, layers: changes, label, own, included }: Combination) => {
    combined++;
    effects.see(cellDocument);
    const cellLayers = [...layers, ...changes];
    const resolved = resolve(cellDocument, cellLayers);
    if (!resolved.settings) return problems.addIssues(resolved.issues.filter(counts), cellLayers);
    const { settings, written } = resolved;
    const same = JSON.stringify(settings); // its keys have the schema's order
    if (!cells.has(same)) cells.set(same, { settings, written, variant: label, own, included });
  };
  let excluded: Excluded[] = [];
  const notes: string[] = [];
  if (incomplete) expandSome(sweep, cellKeys, use);
  else {
    const expanded = expand(sweep, cellKeys, use);
    excluded = expanded.excluded;
    problems.addIssues(expanded.issues, layers);
    // A command line that narrows a grid may leave excludes of the spec without effect; that is only a note.
    if (flags.every(({ path }) => path[0] !== "sweep")) problems.addIssues(expanded.useless, layers);
    else notes.push(...expanded.useless.map(({ path, message }) => `${dotted(path)} ${message}`));
  }
  if (checked.success && checked.data.evaluate) problems.addIssues(unscorable(cells.values(), catalog), layers);
  const named = flags.find(({ path }) => path.join(".") === "method.name");
  if (named) hintAtMethod(problems.problems, String(named.value));
  const { useless, notes: effectNotes } = effects.result();
  if (!incomplete) for (const path of useless) problems.add(noEffect(path));
  if (problems.problems.length > 0 || !checked.success) throw new SpecError(problems.sorted(file));

  const name = checked.data.name ?? defaultName(file);
  const different = [...cells.values()];
  const outside = excluded.map((one) => excludedValues(one, layers));
  const shown = shownKeys(different, outside, sweep.keys, catalog);
  return {
    file,
    name,
    text: source.text,
    extends: base?.file ?? null,
    maxFailures: maxFailuresOf(checked.data.on_error),
    jobs: checked.data.jobs,
    devices: checked.data.devices,
    evaluate: evaluateOf(checked.data.evaluate, layers),
    keep: checked.data.keep,
    cells: labelCells(different, shown, sweep.keys, name),
    leftOut: outside.map((values) => leftOutAs(values, shown)),
    notes: [
      ...notes,
      ...effectNotes,
      ...(excluded.length === 0 ? [] : [excludedNote(excluded.length)]),
      ...(combined === cells.size ? [] : [duplicatesNote(combined, cells.size)]),
    ],
    document,
  };
}

/** Setting only `method.name` keeps the parameters of the former method, which the new one may not have. */
function hintAtMethod(problems: SpecProblem[], name: string): void {
  for (const problem of problems) {
    if (!problem.path.startsWith("method.") || problem.message !== UNKNOWN_KEY) continue;
    problem.hint = [problem.hint, `to change the method: --set method=${name}`].filter(Boolean).join("; ");
  }
}

function noEffect(path: Path): SpecProblem {
  const key = path.join(".");
  return {
    file: SET_FLAG,
    line: 1,
    column: 1,
    path: key,
    message: "has no effect: the spec's sweep sets it in every run",
    hint: "change the sweep, or leave it out with --set sweep=null",
  };
}

/** Splits a document into the keys of the file, and all others: keys of a cell and unknown ones. */
function split(document: Mapping): [file: Mapping, cell: Mapping] {
  const entries = Object.entries(document);
  return [
    Object.fromEntries(entries.filter(([key]) => key in FileSchema.shape)),
    Object.fromEntries(entries.filter(([key]) => !(key in FileSchema.shape))),
  ];
}

const defaultName = (file: string) => (file === STDIN ? "stdin" : nameFrom(basename(file).replace(/\.ya?ml$/i, "")));

const excludedNote = (left: number) =>
  `sweep.exclude leaves out ${left.toLocaleString("en")} combination${left === 1 ? "" : "s"}`;

function duplicatesNote(combined: number, different: number): string {
  const equal = combined - different;
  return `${equal} of ${combined} combinations of the sweep ${equal === 1 ? "is" : "are"} equal to another one and left out`;
}

/** With the folder of the rows as an absolute path. */
function evaluateOf(request: FileSettings["evaluate"], layers: readonly Layer[]): EvaluationRequest | null {
  if (!request) return null;
  return { ...request, data: anchoredValue("evaluate.data", request.data, layers) as string | null };
}

function maxFailuresOf(onError: FileSettings["on_error"]): number {
  if (onError === "continue") return Number.POSITIVE_INFINITY;
  return onError === "stop" ? 1 : onError.max;
}
