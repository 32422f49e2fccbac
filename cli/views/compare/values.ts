/** Texts for values of any kind, so that what differs looks different. */
import { formatCount, formatSeconds } from "../format.js";
import { formatBytes } from "../parts/bytes.js";
import type { CompareColumn } from "./data.js";
import type { Leaf } from "./flatten.js";

/** Of a setting that a run does not have. */
const NOT_SET = "(not set)";
export const NOT_KNOWN = "-";

/** `null`, `false` and `0` as they are; text that looks like one of them, is empty or has blanks around it, in quotes. */
export function leafText(value: Leaf | undefined): string {
  if (value === undefined) return NOT_SET;
  if (typeof value !== "string") return JSON.stringify(value);
  const plain = value !== "" && value.trim() === value && !isLiteral(value) && value !== NOT_SET && value !== NOT_KNOWN;
  return plain ? value : JSON.stringify(value);
}

function isLiteral(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** How the numbers of a column are written, all with as many decimals: four for scores, fewer for large numbers. */
export function numberFormat(
  { unit }: Pick<CompareColumn, "unit">,
  numbers: readonly number[],
): (value: number) => string {
  if (unit === "bytes") return formatBytes;
  if (unit === "seconds") return formatSeconds;
  if (unit === "joules") return (value) => `${formatCount(value)} J`;
  if (unit === "count" || numbers.every(Number.isInteger)) return formatCount;
  const largest = Math.max(0, ...numbers.map(Math.abs));
  const smallest = Math.min(...numbers.filter((value) => value !== 0).map(Math.abs));
  if (smallest < 1e-3) return (value) => String(Number(value.toPrecision(4)));
  const decimals = largest < 10 ? 4 : largest < 1000 ? 2 : 0;
  return (value) => value.toFixed(decimals);
}

/** With its sign, also where it is positive; `0` where it is none. */
export const signed = (value: number, format: (value: number) => string): string =>
  value === 0 ? "0" : `${value < 0 ? "-" : "+"}${format(Math.abs(value))}`;
