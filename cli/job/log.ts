import { join } from "node:path";
import { type Logger, pino, stdTimeFunctions } from "pino";
import { RUN_LOG } from "../attempt-files.js";

/**
 * NDJSON log of one attempt in its folder. Written at once, not in the background: what matters most is written
 * shortly before something breaks.
 */
export function openRunLog(folder: string, run: string, attempt: number): Logger {
  return pino(
    {
      base: { run, attempt },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: join(folder, RUN_LOG), sync: true }),
  );
}
