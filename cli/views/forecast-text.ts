import { basisText } from "../plan/forecast/basis.js";
import type { JobForecast } from "../plan/forecast/forecast.js";
import type { Exceeded, Foreseen, Limits } from "../plan/forecast/limits.js";
import type { Range } from "../plan/forecast/range.js";
import { formatSeconds, plural } from "./format.js";
import { formatBytes } from "./parts/bytes.js";
import { facts } from "./parts/facts.js";

/** Free memory and disk where a job will train, in bytes; null if unknown. */
export interface Room {
  /** Memory that processes of this machine can still use. */
  memory: number;
  /** Free on the disk of the database. */
  disk: number | null;
}

/** Time, disk and memory, each in a line where `width` allows; none if nothing is left to do. */
export function forecastLines({ todo, forecast }: Pick<Foreseen, "todo" | "forecast">, width: number | null): string[] {
  if (todo.length === 0) return [];
  const { secondsBasis, workers, disk, peakDisk, adaptersGo, checkpoints, memory, memoryBasis } = forecast;
  const gone = [...(checkpoints ? ["checkpoints"] : []), "adapters"].join(" and ");
  const passing = adaptersGo ? `until ${gone} are deleted` : checkpoints ? "with checkpoints" : "during training";
  const during = peakDisk > 1.1 * disk ? `, ${formatBytes(peakDisk)} ${passing}` : "";
  const each = workers > 1 ? ` of each of ${workers} workers` : "";
  return facts(
    [
      ["time", `${timeText(forecast)} with ${plural(workers, "worker")}, from ${basisText(secondsBasis)}`],
      ["disk", `about ${formatBytes(disk)}${during}`],
      ["memory", `${spanText(memory, formatBytes)} at the peak${each}, from ${basisText(memoryBasis)}`],
    ],
    width,
  );
}

/** `about 5m 2s (3m to 8m 4s)`. */
export const spanText = ({ low, likely, high }: Range, format: (value: number) => string): string =>
  `about ${format(likely)} (${format(low)} to ${format(high)})`;

/** Warnings where the forecast exceeds what the machine has. They refuse nothing. */
export function roomWarnings({ forecast, device }: Pick<Foreseen, "forecast" | "device">, room: Room): string[] {
  const warnings: string[] = [];
  const { memory, memoryOfAll, workers, peakDisk } = forecast;
  const onCpu = device.name === "cpu";
  const [needed, there] = onCpu ? [memoryOfAll, room.memory] : [memory, device.memory];
  if (needed.likely > there) {
    const who = onCpu && workers > 1 ? `${workers} workers at a time` : "a worker";
    const where = onCpu ? "of memory free here" : `on ${device.description}`;
    warnings.push(
      `memory: ${who} will probably need ${formatBytes(needed.likely)}, and there are ${formatBytes(there)} ${where}: ` +
        (onCpu && workers > 1 ? "fewer jobs, or smaller batches" : "smaller batches, or shorter texts"),
    );
  }
  if (room.disk !== null && peakDisk > room.disk) {
    warnings.push(
      `disk: about ${formatBytes(peakDisk)} will be needed, and ${formatBytes(room.disk)} are free where the database is`,
    );
  }
  return warnings;
}

/** Why a job is refused: a line for each limit, and what would fit. */
export function refusalText(
  over: readonly Exceeded[],
  { todo, forecast }: Pick<Foreseen, "todo" | "forecast">,
  limits: Limits,
): { message: string; hint: string } {
  const runs = todo.length === 1 ? "the run that is left" : `the ${plural(todo.length, "run")} that are left`;
  const lines = over.map(({ limit }) =>
    limit === "hours" ? timeLine(runs, forecast, limits) : diskLine(runs, forecast, limits),
  );
  const [{ fits, heaviest } = { fits: 0, heaviest: null }] = over;
  const first = fits === 1 ? "the first one" : `the first ${fits} of them`;
  const hints = [
    todo.length === 1
      ? []
      : [fits === 0 ? "not one of them would fit" : `${first}, in the order of the plan, would fit`],
    heaviest
      ? [`${heaviest.name} (${plural(heaviest.runs, "run")}) takes ${Math.round(100 * heaviest.share)} % of it`]
      : [],
  ];
  return { message: `${lines.join("\n")}\nnothing was started`, hint: hints.flat().join("; ") };
}

const timeText = ({ seconds, mayEndEarly }: JobForecast): string =>
  `${mayEndEarly ? "up to " : ""}${spanText(seconds, formatSeconds)}`;

function timeLine(runs: string, forecast: JobForecast, { maxHours }: Limits): string {
  const { secondsBasis } = forecast;
  return `${runs} will take ${timeText(forecast)}, by ${basisText(secondsBasis)}: more than --max-hours ${maxHours} allows`;
}

const diskLine = (runs: string, { peakDisk, disk }: JobForecast, { maxDisk = 0 }: Limits): string =>
  `${runs} will need about ${formatBytes(peakDisk)} of disk, ${formatBytes(disk)} of it for good: more than the ${formatBytes(maxDisk)} that --max-disk allows`;
