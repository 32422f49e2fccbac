import { bar } from "../../../views/parts/bar.js";
import { fitTo } from "../../../views/parts/fit.js";
import { shortNames } from "../../../views/parts/names-apart.js";
import { textWidth } from "../../../views/parts/text-width.js";
import type { DeviceReading } from "../../data.js";
import { fitLine, type Line, type Span } from "../../line.js";
import type { History } from "./history.js";
import { deviceNames, isStale, memoryText, percentText, powerText, staleText, temperatureText } from "./words.js";

/** The values of a row after its name. A narrow pane leaves out those with the lowest `keep`. */
interface Column {
  keep: number;
  align: "left" | "right";
  texts: string[];
  width: number;
  style?: (device: DeviceReading) => Omit<Span, "text">;
}

const LONGEST_NAME = 24;
const LEAST_NAME = 6;
const BAR = 8;
/** Least and most columns of the history. */
const LEAST_SPARK = 8;
const MOST_SPARK = 30;
/** Utilisation and memory from which a device has nothing to spare, as shares. */
const FULL = 0.97;

/** A row for each device, at most `columns` wide. */
export function deviceRows(devices: readonly DeviceReading[], history: History, now: number, columns: number): Line[] {
  const most = Math.max(LEAST_NAME, Math.min(LONGEST_NAME, Math.floor(columns / 3)));
  const names = shortNames(deviceNames(devices), most);
  const width = Math.max(...names.map((name) => textWidth(name)));
  const made = columnsOf(devices, now);
  const kept = fitting(made, columns - width);
  const taken = width + kept.reduce((sum, column) => sum + column.width + 1, 0);
  const spark = Math.min(MOST_SPARK, columns - taken - 1);
  const sparks = spark < LEAST_SPARK ? null : history.sparks(devices, now, spark);
  return devices.map((device, index) => {
    const head: Span = { text: fitTo(names[index] ?? "", width), role: "accent" };
    if (isStale(device, now)) return fitLine([head, { text: ` ${staleText(device, now)}`, role: "warn" }], columns);
    const values = kept.flatMap(({ align, texts, width, style }): Span[] => [
      { text: " " },
      { text: fitTo(texts[index] ?? "", width, align), ...style?.(device) },
    ]);
    const past: Span[] = sparks ? [{ text: " " }, { text: sparks[index] ?? "", role: "dim" }] : [];
    return fitLine([head, ...values, ...past], columns);
  });
}

function columnsOf(devices: readonly DeviceReading[], now: number): Column[] {
  const column = (keep: number, align: Column["align"], text: (device: DeviceReading) => string): Column => {
    const texts = devices.map((device) => (isStale(device, now) ? "" : text(device)));
    return { keep, align, texts, width: Math.max(...texts.map((one) => textWidth(one))) };
  };
  const columns = [
    column(2, "left", ({ utilization }) => (utilization === null ? "" : bar(utilization, BAR))),
    column(5, "right", ({ utilization }) => percentText(utilization)),
    { ...column(4, "right", memoryText), style: (device: DeviceReading) => (isFull(device) ? WARN : {}) },
    column(3, "right", ({ temperature }) => temperatureText(temperature)),
    column(1, "right", ({ power }) => powerText(power)),
  ];
  return columns.filter(({ width }) => width > 0);
}

const WARN = { role: "warn" } as const;

const isFull = ({ memoryUsed, memoryTotal }: DeviceReading): boolean =>
  memoryUsed !== null && memoryTotal !== null && memoryUsed > FULL * memoryTotal;

/** In their order, without those that have no room. */
function fitting(columns: readonly Column[], room: number): Column[] {
  let left = room;
  const kept = new Set<Column>();
  for (const column of [...columns].sort((a, b) => b.keep - a.keep)) {
    if (column.width + 1 > left) break;
    kept.add(column);
    left -= column.width + 1;
  }
  return columns.filter((column) => kept.has(column));
}
