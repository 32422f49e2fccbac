import { SELECTORS } from "../store/selector-words.js";
import { VIEWS } from "../views/index.js";
import type { ViewEntry } from "../views/view.js";
import type { Command } from "./command.js";
import { runs as completeRuns } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { chosenFormat, type OutputArgs, outputOptions } from "./output-format.js";

const FORMATS = ["text", "json", "csv", "parquet", "latex", "markdown", "svg", "png", "vega-lite"] as const;

interface Args extends OutputArgs<(typeof FORMATS)[number]> {
  runs: string[];
  benchmark?: string | undefined;
  task?: string | undefined;
  wrong?: boolean | undefined;
  limit?: number | "all" | undefined;
  db?: string | undefined;
}

/** Columns of the names in help. */
const NAME = Math.max(...VIEWS.map(({ name }) => name.length)) + 2;

/** Makes the command for these views. Help, completion and errors get their names from the list. */
export function showCommand(views: readonly ViewEntry[]): Command<Args> {
  const names = views.map(({ name }) => name);
  const filtered = views.flatMap(({ name, filtered: takes }) => (takes ? name : [])).join(", ");
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
        .option("benchmark", { type: "string", describe: `${filtered}: rows of this benchmark` })
        .option("task", { type: "string", describe: `${filtered}: rows of this subject or task` })
        .option("wrong", { type: "boolean", describe: `${filtered}: rows that are not right` })
        .option("limit", { type: "string", describe: `${filtered}: at most so many rows, or all`, coerce: limitOf })
        .option("db", DB_OPTION)
        .options(outputOptions(FORMATS))
        .example("$0 show @last", "The newest run")
        .example("$0 show @best curves", "Loss and score of the best run")
        .example("$0 show 3fa9 77c0 curves -o both.svg", "Curves of two runs in one picture")
        .example("$0 show 3fa9 curves -o curves.parquet", "Every value; .csv, .tex, .md and .vl.json (Vega-Lite) too")
        .example("$0 show 3fa9 timeline", "How its structure changed")
        .example("$0 show 3fa9 samples --benchmark mmlu --wrong", "Questions that it got wrong")
        .epilogue(`Views:\n${views.map(({ name, describe }) => `  ${name.padEnd(NAME)}${describe}`).join("\n")}`),
    handler: async (args) => {
      const format = chosenFormat(args, FORMATS);
      const { showRuns } = await import("./show-runs.js");
      const { benchmark, task, wrong, limit } = args;
      const filter = { benchmark, task, wrong, limit: limit === "all" ? null : limit };
      await showRuns({ views, words: args.runs, db: args.db, format, output: args.output, filter });
    },
  };
}

/** Throws unless the text is a number of rows or `all`; yargs prints the message as a usage error. */
function limitOf(text: string | undefined): number | "all" | undefined {
  if (text === undefined || text === "all") return text;
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new Error(`--limit ${text}: give a number of rows from 1 on, or all`);
}

export default showCommand(VIEWS);
