/** What the drawings of a front share: its title, its steps, and the scale of x. */
import { plural } from "../format.js";
import { extent } from "../parts/extent.js";
import { oneLine } from "../parts/visible.js";
import type { ParetoSet } from "./data.js";

/** Values whose largest is more than so many times the smallest would lie on each other on a linear axis. */
const WIDE = 20;
/** More ticks touch each other. */
const MOST_TICKS = 7;

interface Place {
  x: number;
  y: number;
}

export const paretoTitle = ({ task, x, y, eval_rows }: ParetoSet): string =>
  oneLine(`${task}: ${y.heading} by ${x.heading}${eval_rows === null ? "" : ` on ${plural(eval_rows, "row")}`}`);

/** Corners of the line that bounds what is dominated: for each x, the best y that can be had for it or for a better x. */
export function frontSteps({ points, x }: Pick<ParetoSet, "points" | "x">): Place[] {
  const front = points.filter((point) => point.front).toSorted((a, b) => a.x - b.x);
  return front.flatMap((point, at) => {
    const here = { x: point.x, y: point.y };
    const next = front[at + 1];
    if (next === undefined) return [here];
    return [here, x.better === "lower" ? { x: next.x, y: point.y } : { x: point.x, y: next.y }];
  });
}

/** A scale on which x is drawn. */
export interface XScale {
  log: boolean;
  /** Where a value is drawn; zero, which has no logarithm, is left of all others. */
  at(value: number): number;
  /** Undefined: the chart chooses. */
  ticks: number[] | undefined;
  /** The value at a tick or at an end. */
  value(at: number): number;
  note: string | null;
}

const LINEAR: XScale = { log: false, at: (value) => value, ticks: undefined, value: (at) => at, note: null };

export function xScale({ points, x }: Pick<ParetoSet, "points" | "x">): XScale {
  const [lowest] = extent(points.map((point) => point.x));
  const [low, high] = extent(points.flatMap((point) => (point.x > 0 ? point.x : [])));
  if (lowest < 0 || !(high / low > WIDE)) return LINEAR;
  const zero = low / Math.max(2, (high / low) ** 0.12);
  const within = (value: number) => value >= low * 0.999 && value <= high * 1.001;
  const ticks = (x.unit === "bytes" ? powers(2, [1], low, high) : decades(low, high)).filter(within);
  const every = Math.ceil(ticks.length / MOST_TICKS);
  return {
    log: true,
    at: (value) => (value === 0 ? zero : value),
    ticks: [...(lowest === 0 ? [zero] : []), ...ticks.filter((_, at) => at % every === 0)],
    value: (at) => (at === zero ? 0 : at),
    note: `${oneLine(x.heading)} is on a logarithmic axis${lowest === 0 ? "; 0 is at its left end" : ""}`,
  };
}

const decades = (low: number, high: number): number[] => powers(10, high / low > 200 ? [1] : [1, 2, 5], low, high);

/** `steps` times each power of `base` from below `low` to above `high`. */
function powers(base: number, steps: readonly number[], low: number, high: number): number[] {
  const first = Math.floor(Math.log(low) / Math.log(base));
  const last = Math.ceil(Math.log(high) / Math.log(base));
  const exponents = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  return exponents.flatMap((exponent) => steps.map((step) => step * base ** exponent));
}
