import { readFileSync } from "node:fs";
import yargs, { type Argv, type CommandModule, type MiddlewareFunction } from "yargs";
import { type Command, OPTION_VALUES, verbOf } from "./commands/command.js";
import { commands } from "./commands/index.js";
import { UsageError } from "./errors.js";
import { packageFile } from "./spec/package-files.js";
import { STDIN } from "./spec/places.js";
import { writeLine } from "./views/output.js";

function packageVersion(): string {
  return (JSON.parse(readFileSync(packageFile("package.json"), "utf8")) as { version: string }).version;
}

/** The parser of the command line: every verb, strict about unknown words. Nothing runs before `parseAsync`. */
export function createParser(written: string[], list: readonly Command[] = commands): Argv {
  const args = joined(withStdin(written, list), list);
  const parser = yargs(args)
    .scriptName("lor2c")
    .locale("en")
    .usage(
      "$0 <command>\n\nRuns and stores fine-tuning experiments whose methods change their structure as they train.",
    )
    .command(list as unknown as CommandModule[])
    .demandCommand(1, "A command is missing.")
    .strict()
    .middleware(refuseRepeated(written) as unknown as MiddlewareFunction, true)
    .recommendCommands()
    .version(packageVersion())
    .help()
    .alias({ h: "help" })
    .example("$0 run configs/quickstart.yaml", "Train what a spec describes")
    .example("$0 ls", "List the stored runs")
    .epilogue(
      "Exit codes: 0 done, 1 the work or a check failed, 2 the request was wrong, 130 interrupted.\n" +
        "`$0 <command> --help` shows a command's options and examples.",
    )
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      if (error !== undefined && error.name !== "YError") throw error;
      const verb = args.find((arg) => !arg.startsWith("-"));
      const usage = list.find((command) => verbOf(command) === verb)?.command;
      throw new UsageError(
        "USAGE",
        clearer(message ?? String(error), verb, usage),
        `See \`lor2c ${usage ? `${verb} ` : ""}--help\`.`,
      );
    });
  return parser.wrap(Math.min(100, parser.terminalWidth() || 100));
}

/** yargs makes a list of an option that is given twice; only options that take several values may be. */
function refuseRepeated(written: readonly string[]) {
  return (argv: Record<string, unknown>, parser: unknown): void => {
    const { array } = (parser as { getOptions(): { array: string[] } }).getOptions();
    const lists = new Set(array);
    for (const [name, value] of Object.entries(argv)) {
      if (!Array.isArray(value) || name === "_" || lists.has(name)) continue;
      const flag = name.length === 1 ? `-${name}` : `--${name}`;
      if (!written.some((word) => word === flag || word.startsWith(`${flag}=`))) continue; // another name of the option
      throw new UsageError("USAGE", `${flag} is given ${value.length} times, and takes one value`, `give ${flag} once`);
    }
  };
}

/** yargs drops the argument `-`; commands that read a spec get the name of the standard input instead. */
function withStdin(args: string[], list: readonly Command[]): string[] {
  const verb = args.find((arg) => !arg.startsWith("-"));
  const readsSpec = list.some((command) => verbOf(command) === verb && command.command.includes("<file"));
  return readsSpec ? args.map((arg) => (arg === "-" ? STDIN : arg)) : args;
}

/** yargs takes a value that begins with a dash for an option, unless `=` stands before it. */
function joined(args: string[], list: readonly Command[]): string[] {
  const verb = args.find((arg) => !arg.startsWith("-"));
  const options = list.find((command) => verbOf(command) === verb)?.dashed?.map((name) => `--${name}`) ?? [];
  return args.flatMap((arg, at) => {
    if (options.includes(args[at - 1] ?? "") && /^-[^-]/.test(arg)) return [];
    const value = args[at + 1] ?? "";
    return options.includes(arg) && /^-[^-]/.test(value) ? `${arg}=${value}` : arg;
  });
}

/** Replaces messages of yargs: it counts arguments instead of naming the missing one, and calls a verb an argument. */
function clearer(message: string, verb: string | undefined, usage: string | undefined): string {
  if (message.startsWith("Not enough non-option arguments") && usage)
    return `It is \`lor2c ${usage}\`: something is missing.`;
  if (verb !== undefined && !usage)
    return `There is no command ${verb}.${message.startsWith("Did you mean") ? ` ${message}` : ""}`;
  return message;
}

/**
 * Prints the possible continuations of `words` (the program's name first, the word at the cursor last), one per line,
 * for the scripts of `lor2c completion`.
 */
export async function complete(words: string[], list: readonly Command[] = commands): Promise<void> {
  const [, verb, ...rest] = words;
  const current = rest.at(-1);
  const [, flag = rest.at(-2) ?? "", value] = /^(--[a-z-]+)=(.*)$/.exec(current ?? "") ?? [];
  const ofOption = OPTION_VALUES[flag];
  if (ofOption && current !== undefined) {
    const words = await ofOption(rest);
    return writeLine((value === undefined ? words : words.map((word) => `${flag}=${word}`)).join("\n"));
  }
  const completer = list.find((command) => verbOf(command) === verb)?.complete;
  // yargs completes verbs and options.
  if (completer && current !== undefined && !current.startsWith("-")) {
    return writeLine((await completer(rest)).join("\n"));
  }
  // yargs writes the words and exits; otherwise it would check the unfinished command line.
  await createParser(["--get-yargs-completions", ...words], list)
    .exitProcess(true)
    .parseAsync();
}
