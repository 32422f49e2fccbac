/** Names that a user may write instead of an id; a metric may follow `@best:`. */
export const NAMED_RUNS = ["@last", "@best", "@failed"] as const;

/** What a user may write to name a run, for help and errors. */
export const SELECTORS =
  "an id, a unique prefix of one (4 or more), @last, @failed, or @best or @best:<metric> among runs on the rows of the newest finished one";

/** Whether a word names a run where it may also name a model: it is hexadecimal or begins with `@`. */
export const namesRun = (word: string): boolean => /^@|^[0-9a-f]+$/i.test(word);
