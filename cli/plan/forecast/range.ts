/** A number that is not known: what is likely, and between what it will be nearly always. */
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

/** All at their low ends, all likely, all at their high ends: what makes one run slow makes the others slow. */
export const sum = (ranges: readonly Range[]): Range => combined(ranges, (values) => values.reduce((a, b) => a + b, 0));

/** `combine` of the low ends, of the likely values and of the high ends. */
export function combined(ranges: readonly Range[], combine: (values: number[]) => number): Range {
  const of = (end: keyof Range) => combine(ranges.map((range) => range[end]));
  return { low: of("low"), likely: of("likely"), high: of("high") };
}

/** How far beyond what was measured the next value may be: once, twice, or more often. Other programs slow a machine. */
const TIME_MARGINS = [2, 1.5, 1.2];

/** Of measured values: their median, and somewhat more than their extremes; wider where they are few. */
export function measured(values: readonly number[], margins: readonly number[] = TIME_MARGINS): Range {
  const sorted = values.toSorted((a, b) => a - b);
  const [first = 0, last = 0] = [sorted[0], sorted.at(-1)];
  const likely = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const margin = margins[Math.min(values.length, margins.length) - 1] ?? 1;
  return { low: first / margin, likely, high: last * margin };
}
