/** Formats of numbers, the same in every view. `-` means "not known". */
import prettyMilliseconds from "pretty-ms";

const DASH = "-";

export function formatScore(value: number | null): string {
  return value === null ? DASH : value.toFixed(4);
}

/** A score that can still change, because the training has not finished: `~0.8412`. */
export const formatSoFar = (value: number): string => `~${formatScore(value)}`;

/** Explains the mark of `formatSoFar`, below a table. */
export const soFarNote = (which: "best" | "newest"): string => `~ not final: the ${which} score until now`;

export function formatCount(value: number | null): string {
  return value === null ? DASH : Math.round(value).toLocaleString("en-US");
}

/** `40ms`, `4.2s`, `1m 43s`, `2h 5m`: the two largest units. */
export function formatSeconds(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return DASH;
  const short = value < 59.95;
  // The library truncates; round first.
  const rounded = value < 1 ? value : short ? Math.round(value * 10) / 10 : Math.round(value);
  return prettyMilliseconds(rounded * 1000, {
    unitCount: 2,
    secondsDecimalDigits: short ? 1 : 0,
    keepDecimalsOnWholeSeconds: short,
  });
}

/** Few significant digits, for losses and gradient norms. */
export function formatValue(value: number | null): string {
  if (value === null) return DASH;
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e5 ? String(Number(value.toPrecision(4))) : value.toExponential(2);
}

/** `2`, or `1.33` within an epoch. */
export const formatEpoch = (value: number | null): string =>
  value === null ? DASH : String(Math.round(value * 100) / 100);

/** The first part of a run's id, for people to type: long enough to be unique among thousands of runs. */
export const shortId = (id: string): string => id.slice(0, 8);

export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}
