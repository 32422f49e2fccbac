/** For commands that choose runs, as the next one. */
export const TAG_OPTION = {
  type: "string",
  array: true,
  nargs: 1,
  requiresArg: true,
  describe: "Only runs with this tag",
} as const;

/** For commands that choose runs. Given several times, a run has to match every filter. */
export const WHERE_OPTION = {
  type: "string",
  array: true,
  nargs: 1,
  requiresArg: true,
  describe: 'Only runs that match a filter: "task = mrpc and best.accuracy > 0.85" (docs/comparing.md)',
} as const;
