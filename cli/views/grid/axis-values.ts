/** The values of an axis are its keys; what is printed for them, or typed, is only text. */
import { formatValue } from "../format.js";
import { distinct } from "../parts/distinct.js";
import { jsonText, oneLine } from "../parts/visible.js";

export type AxisValue = number | string | null;

/** Numbers with few digits, text as it is, `null`; in full, and text in quotes, where two would look alike. */
export const valueTexts = (values: readonly AxisValue[]): Map<AxisValue, string> =>
  distinct(values, (value) => (typeof value === "number" ? formatValue(value) : textOf(value)), inFull);

/** What to type for each of them. */
export const typedTexts = (values: readonly AxisValue[]): Map<AxisValue, string> =>
  distinct(values, (value) => (typeof value === "number" ? inFull(value) : textOf(value)), inFull);

/** Those of `values` that a user means by `text`: what is to be typed for one, else as people write it: `1e-4` is 0.0001. */
export function meaning(text: string, values: readonly AxisValue[]): Set<AxisValue> {
  const typed = [...typedTexts(values)].flatMap(([value, own]) => (own === text ? [value] : []));
  return new Set(typed.length > 0 ? typed : values.filter((value) => isWritten(value, text)));
}

/** Nothing at all would be no text to look at. */
const textOf = (value: string | null): string => (value === null || value === "" ? jsonText(value) : oneLine(value));

const inFull = (value: AxisValue): string => (typeof value === "number" ? String(value) : jsonText(value));

function isWritten(value: AxisValue, text: string): boolean {
  if (typeof value === "number") return text.trim() !== "" && Number(text) === value;
  return String(value) === text;
}
