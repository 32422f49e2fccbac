import type { Reporter } from "../job/reporter.js";
import { snakeCaseKeys } from "./snake-case.js";

/**
 * One JSON object per line, for programs: `plan`, then `event` (as the worker sent it), `state`, `progress` of all and `message`, and at
 * last one `summary`. Names are in snake case, like those of the database.
 */
export function createNdjson(write: (value: object) => void): Reporter {
  return {
    begin: (plan) => write({ type: "plan", ...snakeCaseKeys(plan) }),
    event: (run, event) => write({ type: "event", run, event }),
    state: (run, state, detail) => write({ type: "state", run, state, detail: detail ?? null }),
    progress: (job) => write({ type: "progress", ...snakeCaseKeys(job) }),
    message: (level, text) => write({ type: "message", level, text }),
    end: (summary) => write({ type: "summary", ...snakeCaseKeys(summary) }),
  };
}
