/** For every command that reads a spec. */
export const SET_OPTION = {
  type: "string",
  array: true,
  nargs: 1,
  default: [] as string[],
  describe: "Change one key, e.g. train.learning_rate=1e-4",
} as const;
