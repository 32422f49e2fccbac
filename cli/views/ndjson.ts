import type { Reporter } from "../job/reporter.js";
import { evaluationEventJson } from "./evaluation-json.js";
import { snakeCaseKeys } from "./snake-case.js";

/**
 * One JSON object per line, for programs; docs/runs.md describes them. Names are in snake case, like those of the
 * database. A lane's runs, which may be thousands, are named once and not in each of its events.
 */
export function createNdjson(write: (value: object) => void): Reporter {
  return {
    begin: (plan) => write({ type: "plan", ...snakeCaseKeys(plan) }),
    lane: ({ number, runs }) => write({ type: "lane", lane: number, runs }),
    event: ({ number }, event) => {
      const { cells: _, ...own } = { cells: undefined, ...event };
      write({ type: "event", lane: number, event: own });
    },
    states: (runs, state, detail) => write({ type: "state", runs, state, detail: detail ?? null }),
    alert: (alert) => write({ type: "alert", ...alert }),
    evaluation: (event) => write({ type: "evaluation", ...evaluationEventJson(event) }),
    timeLeft: (left) => write({ type: "progress", ...snakeCaseKeys(left) }),
    message: (level, text) => write({ type: "message", level, text }),
    end: (summary) => write({ type: "summary", ...snakeCaseKeys(summary) }),
  };
}
