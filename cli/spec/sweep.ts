import { type Axis, type Change, type Choice, keyAxis, MAX_CELLS, type Reading, unique, variantsAxis } from "./axes.js";
import type { Catalog } from "./catalog.js";
import { type Exclude, isExcluded, readExcludes } from "./exclude.js";
import { fits, type Include, readIncludes } from "./include.js";
import type { Issue } from "./issues.js";
import { isMapping, type Mapping } from "./merge.js";
import type { Layer, Path } from "./places.js";

export interface Sweep {
  axes: Axis[];
  excludes: Exclude[];
  includes: Include[];
  /** The keys that each part may change. */
  keys: { variants: Path[]; grid: Path[]; include: Path[] };
  issues: Issue[];
  /** A part that may set the method could not be read, so parameters cannot be checked. */
  methodUnknown: boolean;
}

/** One run of the sweep before its values are checked. */
export interface Combination {
  document: Mapping;
  layers: Layer[];
  label: string | null;
  /** Whether the label is the whole name of the run, as for one that `include` adds. */
  own: boolean;
  /** Dotted keys that entries of `include` set in this combination. */
  included: ReadonlySet<string>;
}

/** A combination that `exclude` leaves out. */
export interface Excluded {
  /** Values by dotted axis key, as written in the spec. */
  axes: Mapping;
  layers: Layer[];
}

/**
 * The parts of a sweep. Their values are checked later, cell by cell. Leaves out parts of a wrong kind, which the
 * schema has reported.
 */
export function readSweep(sweep: unknown, layers: readonly Layer[], catalog: Catalog): Sweep {
  const keys: Sweep["keys"] = { variants: [], grid: [], include: [] };
  const result: Sweep = { axes: [], excludes: [], includes: [], keys, issues: [], methodUnknown: false };
  if (!isMapping(sweep)) return result;
  const reading: Reading = { layers, catalog, issues: result.issues };
  const variants = Array.isArray(sweep.variants) ? sweep.variants : [];
  if (variants.length > 0) {
    const axis = variantsAxis(variants, reading);
    if (axis.choices.length > 0) result.axes.push(axis);
    else result.methodUnknown = true;
    keys.variants = axis.keys;
  }
  const grid = isMapping(sweep.grid) ? sweep.grid : {};
  const zip = isMapping(sweep.zip) ? sweep.zip : {};
  for (const key of Object.keys(zip).filter((key) => key in grid)) {
    const message = `is in sweep.grid as well; a key is an axis once`;
    result.issues.push({ path: ["sweep", "zip", key], message, want: "key" });
  }
  const lists = Object.entries(grid).map(([key, values]): ["grid" | "zip", Mapping] => ["grid", { [key]: values }]);
  if (Object.keys(zip).length > 0) lists.push(["zip", zip]);
  for (const [section, written] of lists) {
    const axis = keyAxis(section, written, reading);
    if (axis) {
      result.axes.push(axis);
      keys.grid.push(...axis.keys);
    } else if (Object.keys(written).some((key) => key.split(".")[0] === "method")) result.methodUnknown = true;
  }
  result.excludes = readExcludes(Array.isArray(sweep.exclude) ? sweep.exclude : [], reading);
  const axisKeys = new Set([...Object.keys(grid), ...Object.keys(zip)]);
  result.includes = readIncludes(Array.isArray(sweep.include) ? sweep.include : [], axisKeys, reading);
  keys.include = unique(result.includes.flatMap((entry) => entry.keys));
  const cells = result.axes.reduce((product, axis) => product * axis.choices.length, 1);
  if (cells > MAX_CELLS) {
    const message = `stands for ${cells.toLocaleString("en")} runs; at most ${MAX_CELLS.toLocaleString("en")} are allowed`;
    result.issues.push({ path: ["sweep"], message, hint: "split it into several specs", want: "key" });
  }
  return result;
}

/**
 * Calls `use` for every run of the sweep over the spec `cell`: first the combinations in order, the last axis fastest,
 * then the runs that `include` adds. Returns what was excluded, excludes without effect, and other problems.
 */
export function expand(
  sweep: Sweep,
  cell: Mapping,
  use: (combination: Combination) => void,
): { excluded: Excluded[]; useless: Issue[]; issues: Issue[] } {
  const excluded: Excluded[] = [];
  const uses = new Map<Exclude | Include, number>();
  const count = (rule: Exclude | Include) => uses.set(rule, (uses.get(rule) ?? 0) + 1);
  let runs = 0;
  const add = (changes: Change[], label: string | null, own: boolean, includes: Include[]) => {
    runs++;
    const included = new Set(includes.flatMap((entry) => entry.keys.map((path) => path.join("."))));
    const layers = changes.map((change) => change.layer);
    use({ document: changed(cell, changes), layers, label, own, included });
  };
  // If there are only entries of `include`, they are all runs, like variants.
  const onlyIncludes = sweep.axes.length === 0 && sweep.includes.length > 0;
  for (const choices of onlyIncludes ? [] : combinations(sweep.axes)) {
    const changes = byDepth(choices.flatMap((choice) => choice.changes));
    const document = changed(cell, changes);
    const values = Object.assign({}, ...choices.map((choice) => choice.values)) as Mapping;
    const rules = sweep.excludes.filter((exclude) => isExcluded(document, exclude));
    for (const exclude of rules) count(exclude);
    if (rules.length > 0) {
      excluded.push({ axes: values, layers: changes.map((change) => change.layer) });
      continue;
    }
    const fitting = sweep.includes.filter((include) => fits(include, values));
    for (const include of fitting) count(include);
    const extra = fitting.flatMap((include) => byDepth(include.changes));
    const label = choices.find((choice) => choice.label !== null)?.label ?? null;
    add([...changes, ...extra], label, false, fitting);
  }
  for (const include of sweep.includes.filter((include) => !uses.has(include))) {
    add(byDepth(include.alone), include.label, include.label !== null, [include]);
  }
  if (runs === 0) return { excluded, useless: [], issues: [NOTHING_LEFT] };
  const useless = sweep.excludes.filter((exclude) => !uses.has(exclude));
  return { excluded, useless: useless.map(uselessIssue), issues: includeIssues(sweep.includes, uses) };
}

const NOTHING_LEFT: Issue = { path: ["sweep", "exclude"], message: "leaves out every run of the sweep", want: "key" };

const uselessIssue = ({ at }: Exclude): Issue => ({
  path: at,
  message: "leaves out nothing",
  hint: "its keys and values must be those of a combination of the sweep",
  want: "value",
});

function includeIssues(includes: Include[], uses: ReadonlyMap<Exclude | Include, number>): Issue[] {
  return includes
    .filter((include) => uses.has(include))
    .flatMap((include): Issue[] => {
      const { at, label, changes } = include;
      const already = "is a combination of the sweep already, and changes nothing in it";
      if (changes.length === 0) return [{ path: at, message: already, want: "value" }];
      const message = `names a run of its own, but this entry changes ${uses.get(include)} of the sweep's combinations`;
      return label === null ? [] : [{ path: [...at, "label"], message, want: "key" }];
    });
}

/**
 * Uses every choice and every entry of `include` at least once, to check the values of a sweep that cannot be
 * expanded.
 */
export function expandSome(sweep: Sweep, cell: Mapping, use: (combination: Combination) => void): void {
  const firsts = sweep.axes.flatMap((axis) => axis.choices.slice(0, 1));
  const add = (choices: Choice[], own: Change[]) => {
    const changes = [...byDepth(choices.flatMap((choice) => choice.changes)), ...byDepth(own)];
    const layers = changes.map((change) => change.layer);
    use({ document: changed(cell, changes), layers, label: null, own: false, included: new Set() });
  };
  add(firsts, []);
  for (const [i, axis] of sweep.axes.entries()) {
    for (const choice of axis.choices.slice(1)) add(firsts.with(i, choice), []);
  }
  for (const include of sweep.includes) add(Object.keys(include.where).length > 0 ? firsts : [], include.alone);
}

const byDepth = (changes: Change[]) => changes.toSorted((a, b) => a.depth - b.depth);
const changed = (document: Mapping, changes: Change[]) => changes.reduce((before, one) => one.apply(before), document);

/** Every combination of one choice per axis; the last axis varies fastest. Without axes, one empty combination. */
function* combinations(axes: readonly Axis[]): Generator<Choice[]> {
  const [first, ...rest] = axes;
  if (!first) {
    yield [];
    return;
  }
  for (const choice of first.choices) for (const others of combinations(rest)) yield [choice, ...others];
}
