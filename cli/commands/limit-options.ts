/** `--max-hours` and `--max-disk`: limits on a job, for every command that plans one. */
import { dirname } from "node:path";
import { availableMemory } from "node:process";
import { Lor2cError } from "../errors.js";
import { freeDisk } from "../files.js";
import { exceeded, type Foreseen, type Limits } from "../plan/forecast/limits.js";

export const LIMIT_OPTIONS = {
  "max-hours": {
    type: "string",
    describe: "Start nothing, and exit 1, if the job will probably take more hours than this",
    coerce: parseHours,
  },
  "max-disk": {
    type: "string",
    describe: "Start nothing, and exit 1, if the job will need more disk than this, e.g. 500MB, 2GiB",
    coerce: parseSize,
  },
} as const;

/** Throws a Lor2cError with the numbers if the forecast exceeds a limit. */
export async function refuseOver(foreseen: Foreseen, limits: Limits): Promise<void> {
  const over = exceeded(foreseen, limits);
  if (over.length === 0) return;
  const { refusalText } = await import("../views/forecast-text.js");
  const { message, hint } = refusalText(over, foreseen, limits);
  throw new Lor2cError("OVER_LIMIT", message, hint === "" ? undefined : hint);
}

/** The free memory and disk for a job that stores its runs beside `dbPath`. */
export function roomFor(dbPath: string): { memory: number; disk: number | null } {
  return { memory: availableMemory(), disk: freeDisk(dirname(dbPath)) };
}

/** Throws unless the text is a positive number; yargs prints the message as a usage error. */
function parseHours(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const hours = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (hours > 0 && Number.isFinite(hours)) return hours;
  throw new Error(`--max-hours ${text}: give a number of hours above 0, such as 8 or 0.5`);
}

const UNITS = ["", "k", "m", "g", "t"];

/** `500MB` (powers of 1000) or `2GiB` (powers of 1024). Throws like `parseHours`. */
function parseSize(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number = "", prefix = "", binary] = /^(\d+(?:\.\d+)?) ?([kmgt]?)(i?)b$/i.exec(text) ?? [];
  const bytes = Number(number) * (binary ? 1024 : 1000) ** UNITS.indexOf(prefix.toLowerCase());
  const isSize = number !== "" && bytes > 0 && Number.isFinite(bytes) && !(binary && prefix === "");
  if (isSize) return bytes;
  throw new Error(
    `--max-disk ${text}: give a size with its unit (B, kB, MB, GB, TB, KiB, MiB, GiB or TiB), e.g. 500MB`,
  );
}
