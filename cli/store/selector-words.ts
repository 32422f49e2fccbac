/** Names that a user may write instead of an id; a metric may follow `@best:`. */
export const NAMED_RUNS = ["@last", "@best", "@failed"] as const;

/** What a user may write to name a run, for help and errors. */
export const SELECTORS = "an id, a unique prefix of one (4 or more), @last, @best, @best:<metric> or @failed";
