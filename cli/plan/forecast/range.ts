/** An uncertain number: the likely value, and bounds that nearly always hold. */
export interface Range {
  low: number;
  likely: number;
  high: number;
}

export const exactly = (value: number): Range => ({ low: value, likely: value, high: value });

/** `likely`, divided and multiplied by `spread`. */
export const within = (likely: number, spread: number): Range => ({
  low: likely / spread,
  likely,
  high: likely * spread,
});

export const times = ({ low, likely, high }: Range, factor: number): Range => ({
  low: low * factor,
  likely: likely * factor,
  high: high * factor,
});

/** Adds low ends, likely values and high ends: whatever makes one run slow makes the others slow too. */
export const sum = (ranges: readonly Range[]): Range => combined(ranges, (values) => values.reduce((a, b) => a + b, 0));

/** Applies `combine` to the low ends, the likely values and the high ends. */
export function combined(ranges: readonly Range[], combine: (values: number[]) => number): Range {
  const of = (end: keyof Range) => combine(ranges.map((range) => range[end]));
  return { low: of("low"), likely: of("likely"), high: of("high") };
}

/** How far the next value may exceed one, two, or more measured values, because other programs slow the machine. */
const TIME_MARGINS = [2, 1.5, 1.2];

/** The median of measured values, with bounds somewhat beyond their extremes, wider for few values. */
export function measured(values: readonly number[], margins: readonly number[] = TIME_MARGINS): Range {
  const sorted = values.toSorted((a, b) => a - b);
  const [first = 0, last = 0] = [sorted[0], sorted.at(-1)];
  const likely = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const margin = margins[Math.min(values.length, margins.length) - 1] ?? 1;
  return { low: first / margin, likely, high: last * margin };
}
