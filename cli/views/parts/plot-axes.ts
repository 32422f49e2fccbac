/** Axes of the charts of curves. */
import { formatEpoch, formatValue } from "../format.js";
import { extent } from "./extent.js";

/** More ticks touch each other. */
const MOST = 12;
/** Longer numbers do not fit beside the chart. */
const LARGE = 1e5;

/** Epochs: whole ones where values were measured after whole epochs, or the axis covers some of them. */
interface EpochAxis {
  label: "epoch";
  labelArrow: "none";
  labelAnchor: "right";
  tickFormat: (value: number) => string;
  /** Without them the chart chooses. */
  ticks?: number[];
}

export function epochAxis(epochs: readonly number[]): EpochAxis {
  const [low, high] = extent(epochs);
  const axis: EpochAxis = { label: "epoch", labelArrow: "none", labelAnchor: "right", tickFormat: formatEpoch };
  if (low === high) return { ...axis, ticks: [low] };
  if (!(high - low >= 2) && !epochs.every(Number.isInteger)) return axis;
  const whole = Array.from({ length: Math.floor(high) - Math.ceil(low) + 1 }, (_, i) => Math.ceil(low) + i);
  const every = Math.ceil(whole.length / MOST);
  return { ...axis, ticks: whole.filter((_, at) => at % every === 0) };
}

/** Values: all numbers with as many decimals, which the chart chooses by the distance of its ticks. */
export function valueAxis(values: readonly (number | null)[]) {
  const [low, high] = extent(values.flatMap((value) => value ?? []));
  const own = low === high || Math.max(Math.abs(low), Math.abs(high)) >= LARGE;
  return { labelArrow: "none", nice: true, grid: true, ...(own ? { tickFormat: formatValue } : {}) } as const;
}
