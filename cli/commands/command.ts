import type { CommandModule } from "yargs";

/**
 * What may stand at the cursor, where an argument is typed; `words` are those behind the verb, the one at the cursor last.
 * The shell itself completes files when it gets none.
 */
export type Completer = (words: readonly string[]) => Promise<string[]> | string[];

/** A verb of lor2c: a file with one as its default export, and its place in index.ts. */
export interface Command<Args = object> extends CommandModule<object, Args> {
  /** The verb and its arguments: `show <runs..>`. */
  command: string;
  describe: string;
  /** What its arguments are; absent where yargs knows, or where there is nothing to know. */
  complete?: Completer;
}

/** Nothing heavy is loaded before somebody presses Tab. */
export const runs: Completer = async () => (await import("./stored-words.js")).storedRuns();
export const experiments: Completer = async () => (await import("./stored-words.js")).storedExperiments();
export const experimentsOrRuns: Completer = async (words) =>
  (await Promise.all([experiments(words), runs(words)])).flat();
export const specKeys: Completer = async () => (await import("./stored-words.js")).specKeys();
export const files: Completer = () => [];

export const verbOf = ({ command }: Pick<Command, "command">): string => command.split(" ")[0] ?? "";
