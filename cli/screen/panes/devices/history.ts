import type { DeviceReading } from "../../data.js";

/** Milliseconds that are kept. */
export const KEPT = 5 * 60_000;
const LEVELS = "▁▂▃▄▅▆▇█";

interface Reading {
  at: number;
  utilization: number | null;
}

/** Readings of the last minutes, of every device that was seen. */
export class History {
  readonly #seen = new Map<string, Reading[]>();

  /** Adds readings that are new. */
  see(devices: readonly DeviceReading[]): void {
    const keys = keysOf(devices);
    for (const [index, { at, utilization }] of devices.entries()) {
      const key = keys[index] ?? "";
      const before = this.#seen.get(key) ?? [];
      if (at <= (before.at(-1)?.at ?? Number.NEGATIVE_INFINITY)) continue;
      this.#seen.set(key, [...before.filter((one) => at - one.at < KEPT), { at, utilization }]);
    }
  }

  /**
   * Utilisation of each device over the last minutes, from 0 at the bottom to 1: the newest at the right, a blank where
   * nothing was reported.
   */
  sparks(devices: readonly DeviceReading[], now: number, columns: number): string[] {
    return keysOf(devices).map((key) => this.#spark(key, now, columns));
  }

  #spark(key: string, now: number, columns: number): string {
    const sums = Array.from({ length: columns }, () => ({ total: 0, count: 0 }));
    for (const { at, utilization } of this.#seen.get(key) ?? []) {
      const column = sums[columns - 1 - Math.floor(((now - at) / KEPT) * columns)];
      if (column === undefined || utilization === null) continue;
      column.total += utilization;
      column.count++;
    }
    return sums.map(({ total, count }) => (count === 0 ? " " : level(total / count))).join("");
  }
}

/** The same for a device whichever others are there, unless they have its host and name. */
function keysOf(devices: readonly DeviceReading[]): string[] {
  const names = devices.map(({ host, name }) => JSON.stringify([host, name]));
  return names.map((name, index) => `${names.slice(0, index).filter((other) => other === name).length} ${name}`);
}

const level = (share: number): string =>
  LEVELS[Math.round(Math.min(1, Math.max(0, share)) * (LEVELS.length - 1))] ?? " ";
