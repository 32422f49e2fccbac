import { VIEWS } from "../views/index.js";
import { type Command, experimentsOrRuns } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { chosenFormat, type OutputArgs, outputOptions } from "./output-format.js";
import { TAG_OPTION, WHERE_OPTION } from "./where-option.js";

const FORMATS = ["csv", "json", "parquet", "latex", "markdown", "vega-lite"] as const;
/** Besides the views of `show`, those that have rows. */
const TABLES = ["runs", "rows", "metrics"] as const;

interface Args extends OutputArgs<(typeof FORMATS)[number]> {
  runs: string[];
  what: string;
  columns?: string | undefined;
  where?: string[] | undefined;
  tag?: string[] | undefined;
  db?: string | undefined;
}

export default {
  command: "export [runs..]",
  describe: "Write stored runs as a table for other programs: scores, settings that differ, metrics or a view",
  complete: experimentsOrRuns,
  builder: (yargs) =>
    yargs
      .positional("runs", {
        type: "string",
        array: true,
        default: [] as string[],
        describe: "Runs, and names or numbers of experiments; default: all runs",
      })
      .option("what", {
        type: "string",
        default: "runs",
        requiresArg: true,
        choices: [...TABLES, ...VIEWS.map(({ name }) => name)],
        describe: "runs: one row each; rows: seeds folded; metrics: every value; or a view of show",
      })
      .option("columns", {
        type: "string",
        requiresArg: true,
        describe: "With --what runs or rows: as in compare --columns",
      })
      .option("where", WHERE_OPTION)
      .option("tag", TAG_OPTION)
      .option("db", DB_OPTION)
      .options(outputOptions(FORMATS))
      .example("$0 export mrpc-methods -o runs.csv", "Scores and the settings that differ, a row for each run")
      .example("$0 export mrpc-methods --what rows --format latex", "Means and intervals for a paper")
      .example("$0 export --where 'task = mrpc' --what metrics -o metrics.parquet", "Every value of all runs of a task")
      .example(
        "$0 export mrpc-methods --columns 'score, params, seconds' -o runs.tex",
        "A row for each run, best first",
      )
      .example("$0 export @best --what curves -o curves.vl.json", "A picture as a specification of Vega-Lite"),
  handler: async (args) => {
    const format = chosenFormat(args, FORMATS);
    const { exportRuns } = await import("./export-runs.js");
    const { runs: words, what, columns, where, tag, db, output } = args;
    await exportRuns({ words, what, columns, where, tag, db, format, output });
  },
} satisfies Command<Args>;
