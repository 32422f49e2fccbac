import { SELECTORS } from "../store/selector-words.js";
import { VIEWS } from "../views/index.js";
import type { ViewEntry } from "../views/view.js";
import type { Command } from "./command.js";
import { runs as completeRuns } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { chosenFormat, type OutputArgs, outputOptions } from "./output-format.js";

const FORMATS = ["text", "json", "svg", "png"] as const;

interface Args extends OutputArgs<(typeof FORMATS)[number]> {
  runs: string[];
  db?: string | undefined;
}

/** Makes the command for these views. Help, completion and errors get their names from the list. */
export function showCommand(views: readonly ViewEntry[]): Command<Args> {
  const names = views.map(({ name }) => name);
  const describe = `Show stored runs: ${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
  return {
    command: "show <runs..>",
    describe,
    complete: async (words) => [...(await completeRuns(words)), ...(words.length > 1 ? names : [])],
    builder: (yargs) =>
      yargs
        .usage(`$0 show <runs..> [view]\n\n${describe}`)
        .positional("runs", {
          type: "string",
          array: true,
          demandOption: true,
          describe: `Runs, each ${SELECTORS}; then the view (default: ${names[0]})`,
        })
        .option("db", DB_OPTION)
        .options(outputOptions(FORMATS))
        .example("$0 show @last", "The newest run")
        .example("$0 show @best curves", "Loss and score of the best run")
        .example("$0 show 3fa9 77c0 curves -o both.svg", "Curves of two runs in one picture")
        .example("$0 show 3fa9 timeline", "How its structure changed")
        .epilogue(`Views:\n${views.map(({ name, describe }) => `  ${name.padEnd(10)}${describe}`).join("\n")}`),
    handler: async (args) => {
      const format = chosenFormat(args, FORMATS);
      const { showRuns } = await import("./show-runs.js");
      await showRuns({ views, words: args.runs, db: args.db, format, output: args.output });
    },
  };
}

export default showCommand(VIEWS);
