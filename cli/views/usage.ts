import type { AttemptRow } from "../store/read.js";
import { formatSeconds, plural } from "./format.js";
import { formatBytes } from "./parts/bytes.js";
import type { Fact } from "./parts/facts.js";

type Used = Pick<
  AttemptRow,
  | "peak_memory"
  | "mean_memory"
  | "p99_memory"
  | "mean_utilization"
  | "max_utilization"
  | "cpu_seconds"
  | "energy"
  | "usage_seconds"
>;

/** What an attempt used. `together`: runs in the training that it was part of. */
export function usageFacts(used: Used, together: number): Fact[] {
  const of = together > 1 ? `, of ${plural(together, "run")} that trained together` : "";
  const share = together > 1 ? ", its share" : "";
  return [
    [used.mean_memory === null ? "peak memory" : "memory", memory(used, of)],
    ["utilisation", utilisation(used, of)],
    ["CPU time", used.cpu_seconds === null ? null : `${formatSeconds(used.cpu_seconds)}${share}`],
    ["energy", energy(used, share)],
  ];
}

function memory({ peak_memory, mean_memory, p99_memory }: Used, of: string): string | null {
  if (peak_memory === null) return null;
  const most = formatBytes(peak_memory);
  if (mean_memory === null) return most;
  const usual = `${formatBytes(mean_memory)} on average, ${formatBytes(p99_memory ?? peak_memory)} or less 99 % of the time`;
  return `${most} at most, ${usual}${of}`;
}

function utilisation({ mean_utilization, max_utilization }: Used, of: string): string | null {
  if (mean_utilization === null) return null;
  return `${percent(mean_utilization)} on average, ${percent(max_utilization ?? mean_utilization)} at most${of}`;
}

/** Joules and, as electricity is sold, watt-hours. */
function energy({ energy: joules, usage_seconds: seconds }: Used, share: string): string | null {
  if (joules === null) return null;
  const watts = seconds ? `, ${Math.round(joules / seconds)} W on average` : "";
  return `${prefixed(joules, "J")} (${prefixed(joules / 3600, "Wh")})${watts}${share}`;
}

const prefixed = (value: number, unit: string): string =>
  value >= 1e6
    ? `${(value / 1e6).toFixed(1)} M${unit}`
    : value >= 1e3
      ? `${(value / 1e3).toFixed(1)} k${unit}`
      : `${value >= 10 ? value.toFixed(0) : value.toFixed(2)} ${unit}`;

const percent = (share: number): string => `${Math.round(100 * share)} %`;
