import { type Column, namedFact, namedId, namedLabel, namedNumber, namedText } from "./names.js";

/** More different values are no classes, unless the user names the column. */
const MOST_CLASSES = 50;
/** Whole numbers up to this many are classes; more of them are values. */
const MOST_WHOLE = 20;

export interface LabelGuess {
  label: Column;
  kind: "classify" | "multi_label" | "regress";
  unsure: string[];
}

/** The column of the label, or undefined if none looks like one. `taken`: columns that the user has named as texts. */
export function guessLabel(
  columns: readonly Column[],
  rows: number,
  named: Column | undefined,
  taken: readonly Column[],
): LabelGuess | undefined {
  if (named) return { label: named, ...kindOf(named) };
  const candidates = columns
    .filter((column) => !taken.includes(column) && couldBe(column, rows))
    .map((column, place) => ({ column, points: points(column, rows) * 100 + place })) // of equal ones the last
    .sort((a, b) => b.points - a.points);
  const [best, ...others] = candidates.map(({ column }) => column);
  if (!best) return undefined;
  const also = others.filter((other) => namedLabel(other) === namedLabel(best));
  const { kind, unsure } = kindOf(best);
  const instead = also.map(
    (other) =>
      `the label could be ${quoted(other)} (${described(other)}) instead of ${quoted(best)} (${described(best)}): --label ${other.column}, or data.columns.label in the spec`,
  );
  return { label: best, kind, unsure: [...instead, ...unsure] };
}

export const quoted = ({ column }: Column): string => JSON.stringify(column);

const described = ({ kind, distinct }: Column) =>
  ({
    list: `lists of ${distinct} different values`,
    whole: `${distinct} different whole numbers`,
    number: `${distinct} different numbers`,
    boolean: "true or false",
  })[kind as string] ?? `${distinct} different texts`;

const isClasses = ({ kind, distinct, words }: Column, rows: number) =>
  ["text", "whole", "boolean"].includes(kind) &&
  distinct >= 2 &&
  distinct <= Math.min(MOST_CLASSES, Math.max(2, rows / 3)) &&
  words < 8;

function couldBe(column: Column, rows: number): boolean {
  const { kind, distinct, filled } = column;
  if (distinct < 2 || filled === 0) return false;
  if (kind === "list" || isClasses(column, rows)) return !namedId(column) || namedLabel(column);
  // Values: whole numbers that are all different are numbers of rows.
  const counts = kind === "whole" && distinct === filled;
  return (kind === "number" || kind === "whole") && !namedId(column) && (!counts || namedLabel(column));
}

function points(column: Column, rows: number): number {
  const full = column.filled === rows ? 1 : 0;
  const shape = column.kind === "list" || isClasses(column, rows) ? 2 : 1;
  return (namedLabel(column) ? 8 : 0) + (namedText(column) || namedFact(column) ? -2 : 0) + shape + full;
}

function kindOf(column: Column): Pick<LabelGuess, "kind" | "unsure"> {
  const { kind, distinct } = column;
  if (kind === "list") return { kind: "multi_label", unsure: [] };
  if (kind === "number") return { kind: "regress", unsure: [] };
  if (kind !== "whole") return { kind: "classify", unsure: [] };
  if (distinct > MOST_WHOLE) return { kind: "regress", unsure: [] };
  const unsure =
    distinct > 2 && namedNumber(column)
      ? [`${quoted(column)} has ${distinct} whole numbers: taken as classes. To predict their value: task: regress`]
      : [];
  return { kind: "classify", unsure };
}
