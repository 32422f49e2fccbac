/** Which class of a reference a spec is compared with, or why it can be compared with none. */
import { UsageError } from "../errors.js";
import type { PlannedCell } from "../plan/cell.js";
import { settingsInId } from "./record.js";
import type { Reference, ReferenceClass } from "./reference.js";

/** What a planned run and one of a reference are compared by. */
type Planned = Pick<PlannedCell, "id" | "label" | "settings" | "inspected">;

/** Differences that an error lists. */
const SHOWN = 8;

/**
 * The class of `reference` that has exactly these runs: `own`, if the reference has it, or else any. Throws UsageError
 * that says what differs, since the numbers of other settings, rows or weights say nothing about these.
 */
export function classToCompare(reference: Reference, own: string | null, cells: readonly Planned[]): string {
  const names = Object.keys(reference.classes).sort(
    (a, b) => kindFirst(own, a) - kindFirst(own, b) || (a < b ? -1 : 1),
  );
  const wanted = own !== null && own in reference.classes ? [own] : names;
  const fitting = wanted.find((name) => hasRuns(reference.classes[name], cells));
  if (fitting !== undefined) return fitting;
  const [first = ""] = wanted;
  throw new UsageError(
    "CANNOT_COMPARE",
    [
      `the spec and the reference do not belong together: the runs of the reference (${first}) have other settings or contents`,
      ...whatDiffers(reference.classes[first], cells).map((line) => `    ${line}`),
    ].join("\n"),
    "set the spec back, or train it and record the reference again (lor2c reference record)",
  );
}

/** Classes of the same kind of device come first. */
const kindFirst = (own: string | null, name: string): number => (own?.split(" ")[0] === name.split(" ")[0] ? 0 : 1);

const hasRuns = (found: ReferenceClass | undefined, cells: readonly Planned[]): boolean =>
  found !== undefined && Object.keys(found.runs).length === cells.length && cells.every(({ id }) => id in found.runs);

function whatDiffers(found: ReferenceClass | undefined, cells: readonly Planned[]): string[] {
  if (!found) return [];
  const left = new Map(Object.entries(found.runs).filter(([id]) => !cells.some((cell) => cell.id === id)));
  const lines: string[] = [];
  for (const cell of cells.filter(({ id }) => !(id in found.runs))) {
    const twin = [...left].find(([, { label }]) => label === cell.label);
    if (!twin) {
      lines.push(`${cell.label}: is not in the reference`);
      continue;
    }
    left.delete(twin[0]);
    const [, { settings, contents }] = twin;
    const pairs = [
      ...changed({ ...found.settings, ...settings }, settingsInId(cell.settings as never)),
      ...changed(contents, cell.inspected.fingerprint ?? {}),
    ];
    lines.push(...pairs.map((pair) => `${cell.label}: ${pair}`));
  }
  lines.push(...[...left.values()].map(({ label }) => `${label}: is not in the spec`));
  const more = lines.length - SHOWN;
  return more > 0 ? [...lines.slice(0, SHOWN), `and ${more} more`] : lines;
}

function changed(was: Record<string, unknown>, is: Record<string, unknown>): string[] {
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .filter((key) => JSON.stringify(was[key]) !== JSON.stringify(is[key]))
    .map((key) => `${key} was ${valueText(was[key])}, is ${valueText(is[key])}`);
}

const valueText = (value: unknown): string => (value === undefined ? "absent" : JSON.stringify(value));
