import { basisText } from "../plan/forecast/basis.js";
import type { AttemptRow, ForecastRow } from "../store/read.js";
import { spanText } from "./forecast-text.js";
import { formatSeconds } from "./format.js";
import { formatBytes } from "./parts/bytes.js";
import { type TableColumn, tableLines } from "./parts/table.js";

const HEADS: readonly TableColumn[] = [
  { key: "what", title: "" },
  { key: "forecast", title: "forecast", least: 14, long: "wrap" },
  { key: "happened", title: "happened" },
  { key: "from", title: "forecast from", least: 14, long: "wrap" },
];

/** Compares the forecast time, disk and memory of a run with those of its attempt. */
export function comparisonLines(forecast: ForecastRow, attempt: AttemptRow | null, width: number | null): string[] {
  const { seconds, seconds_low, seconds_high, seconds_basis, seconds_trainings } = forecast;
  const { memory, memory_low, memory_high, memory_basis, memory_trainings } = forecast;
  const rows = [
    [
      "time",
      spanText({ low: seconds_low, likely: seconds, high: seconds_high }, formatSeconds),
      formatSeconds(attempt?.total_seconds ?? null),
      basisText({ kind: seconds_basis, trainings: seconds_trainings }),
    ],
    ["disk", `about ${formatBytes(forecast.disk_bytes)}`, formatBytes(attempt?.disk_bytes ?? null), "what is saved"],
    [
      "peak memory",
      spanText({ low: memory_low, likely: memory, high: memory_high }, formatBytes),
      formatBytes(attempt?.peak_memory ?? null),
      basisText({ kind: memory_basis, trainings: memory_trainings }),
    ],
  ];
  return tableLines(HEADS, rows, width);
}
