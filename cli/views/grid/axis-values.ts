/**
 * Texts for the values of an axis: what is printed for them, and what a user types. Code compares the values
 * themselves.
 */
import { formatValue } from "../format.js";
import { distinct } from "../parts/distinct.js";
import { jsonText, oneLine } from "../parts/visible.js";

export type AxisValue = number | string | null;

/** Numbers with few digits, text as it is, `null`. Where two would look alike: in full, and text in quotes. */
export const valueTexts = (values: readonly AxisValue[]): Map<AxisValue, string> =>
  distinct(values, (value) => (typeof value === "number" ? formatValue(value) : textOf(value)), inFull);

/** What a user types for each value. */
export const typedTexts = (values: readonly AxisValue[]): Map<AxisValue, string> =>
  distinct(values, (value) => (typeof value === "number" ? inFull(value) : textOf(value)), inFull);

/** The values that a user means by `text`: the one with exactly this text, else equal numbers: `1e-4` is 0.0001. */
export function meaning(text: string, values: readonly AxisValue[]): Set<AxisValue> {
  const typed = [...typedTexts(values)].flatMap(([value, own]) => (own === text ? [value] : []));
  return new Set(typed.length > 0 ? typed : values.filter((value) => isWritten(value, text)));
}

/** An empty text would be invisible. */
const textOf = (value: string | null): string => (value === null || value === "" ? jsonText(value) : oneLine(value));

const inFull = (value: AxisValue): string => (typeof value === "number" ? String(value) : jsonText(value));

function isWritten(value: AxisValue, text: string): boolean {
  if (typeof value === "number") return text.trim() !== "" && Number(text) === value;
  return String(value) === text;
}
