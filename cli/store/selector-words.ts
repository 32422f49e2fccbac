/** Names of runs that a user may write in the place of an id; a metric may follow `@best:`. */
export const NAMED_RUNS = ["@last", "@best", "@failed"] as const;

/** What a user may write where a run is meant; help and errors say it. */
export const SELECTORS = "an id, a unique prefix of one (4 or more), @last, @best, @best:<metric> or @failed";
