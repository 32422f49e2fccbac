import type { Outcome } from "../protocol/messages.js";

/** The state of a run, as far as this process knows. `elsewhere`: another lor2c process trains it. */
export type RunState = "planned" | "running" | "elsewhere" | "skipped" | Outcome;

/** States of runs that went wrong; `stopped` and `skipped` are what the user wanted. */
export const FAILURES: ReadonlySet<RunState> = new Set(["failed", "out_of_memory", "lost"]);
