import type { Outcome } from "../protocol/messages.js";

/** Where a run is, as far as this process knows. `elsewhere`: another lor2c process trains it. */
export type RunState = "planned" | "running" | "elsewhere" | "skipped" | Outcome;

/** A run did not end as it should; stopped and skipped ones are the user's wish. */
export const FAILURES: ReadonlySet<RunState> = new Set(["failed", "out_of_memory", "lost"]);
