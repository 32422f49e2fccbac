import type { CommandModule } from "yargs";

/**
 * Completes an argument. `words` are the words after the verb, the one at the cursor last. If the list is empty, the
 * shell completes file names.
 */
export type Completer = (words: readonly string[]) => Promise<string[]> | string[];

/** A verb of lor2c: the default export of its file, listed in index.ts. */
export interface Command<Args = object> extends CommandModule<object, Args> {
  /** The verb and its arguments: `show <runs..>`. */
  command: string;
  describe: string;
  /** Options whose value may begin with one dash, as in `--sort -score`. */
  dashed?: readonly string[];
  /** Completes the arguments; absent if yargs knows them, or if there are none. */
  complete?: Completer;
}

/** Heavy modules are loaded only when the user presses Tab. */
export const runs: Completer = async () => (await import("./stored-words.js")).storedRuns();
export const experiments: Completer = async () => (await import("./stored-words.js")).storedExperiments();
export const experimentsOrRuns: Completer = async (words) =>
  (await Promise.all([experiments(words), runs(words)])).flat();
/** A tag, then runs or experiments. */
export const taggedRuns: Completer = async (words) =>
  words.length === 1 ? (await import("./stored-words.js")).storedTags() : experimentsOrRuns(words);
export const specKeys: Completer = async () => (await import("./stored-words.js")).specKeys();
export const files: Completer = () => [];

/** Completes the value of an option, whatever the verb. */
export const OPTION_VALUES: Readonly<Record<string, Completer>> = {
  "--set": async (words) => (await specKeys(words)).map((key) => `${key}=`),
  "--experiment": experiments,
  "--tag": async () => (await import("./stored-words.js")).storedTags(),
  "--baseline": experimentsOrRuns,
  "--where": async () => (await import("./stored-words.js")).storedKeys(false),
  "--sort": async (words) => {
    const keys = (await import("./stored-words.js")).storedKeys(true);
    return words.at(-1)?.replace("--sort=", "").startsWith("-") ? keys.map((key) => `-${key}`) : keys;
  },
};

export const verbOf = ({ command }: Pick<Command, "command">): string => command.split(" ")[0] ?? "";
