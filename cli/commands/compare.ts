import { UsageError } from "../errors.js";
import type { RunRow } from "../store/read.js";
import { type Command, experimentsOrRuns } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { chosenFormat, type OutputArgs, outputOptions } from "./output-format.js";
import { TAG_OPTION, WHERE_OPTION } from "./where-option.js";

const FORMATS = ["text", "json", "csv", "parquet", "latex", "markdown"] as const;

interface Args extends OutputArgs<(typeof FORMATS)[number]> {
  runs?: string[] | undefined;
  where?: string[] | undefined;
  tag?: string[] | undefined;
  columns?: string | undefined;
  rows?: string | undefined;
  cols?: string | undefined;
  fold: boolean;
  baseline?: string | undefined;
  margin?: number | undefined;
  db?: string | undefined;
}

export default {
  command: "compare [runs..]",
  describe: "Compare runs: what changed between two, or a table of many with means over seeds and tests",
  complete: experimentsOrRuns,
  builder: (yargs) =>
    yargs
      .positional("runs", {
        type: "string",
        array: true,
        describe: "Runs (ids, prefixes, @last, ...), or names or numbers of experiments, which mean their runs",
      })
      .option("where", WHERE_OPTION)
      .option("tag", TAG_OPTION)
      .option("columns", {
        type: "string",
        requiresArg: true,
        describe: "Comma-separated: best:accuracy, accuracy@20, last:loss, method.merges, params, seconds, ...",
      })
      .option("rows", {
        type: "string",
        implies: "cols",
        describe: "The table of a paper: key of its rows, e.g. method",
      })
      .option("cols", { type: "string", describe: "Key of its columns, e.g. task" })
      .option("fold", { type: "boolean", default: true, describe: "Runs that differ only in their seed are one row" })
      .option("baseline", {
        type: "string",
        requiresArg: true,
        describe: "Show differences to this run, or to the row with this name",
      })
      .option("margin", {
        type: "number",
        requiresArg: true,
        describe: "Rows count as the same within this, in units of the score (default: 0.01 of a share, one point)",
      })
      .options(outputOptions(FORMATS))
      .option("db", DB_OPTION)
      .example("$0 compare 78deb37b 0ac19f7a", "What changed between two runs, and their values")
      .example("$0 compare mrpc-methods", "Means over seeds, best first, the settings that differ, tests")
      .example("$0 compare --where 'method.rank = 8' --rows method --cols task -o table.tex", "The table of a paper")
      .example("$0 compare mrpc-methods --columns 'score, last:loss, params' --baseline LoRA", "Other columns"),
  handler: async (args) => {
    const { runs: words = [], where, tag, output, db } = args;
    refuse(args);
    const format = chosenFormat(args, FORMATS);
    const [{ openReader }, { resolveDbPath }, { chooseSet }, { refuseBytes, writeOutput, writeTable }] =
      await Promise.all([
        import("../store/reader.js"),
        import("../store/store.js"),
        import("../store/choose-set.js"),
        import("./write-output.js"),
      ]);
    refuseBytes(format, output);
    const { compared } = await import("../views/compare/index.js");
    const store = openReader(resolveDbPath(db));
    let shown: ReturnType<typeof compared>;
    try {
      const { runs, said } = chooseSet(store, { words, where, tag });
      shown = compared(store, request(args, runs, said));
    } finally {
      store.close();
    }
    if (format !== "text" && format !== "json") {
      return writeTable(
        format === "latex" || format === "markdown" ? shown.forPeople() : shown.table(),
        format,
        output,
      );
    }
    const [{ outputWidth }, { jsonText, visible }] = await Promise.all([
      import("../views/terminal.js"),
      import("../views/parts/visible.js"),
    ]);
    const width = output === undefined ? outputWidth() : null;
    writeOutput(`${format === "json" ? jsonText(shown.data, 2) : visible(shown.text(width))}\n`, output);
  },
} satisfies Command<Args>;

function refuse({ runs = [], where, tag, margin, fold, rows, cols }: Args): void {
  if (runs.length === 0 && where === undefined && tag === undefined) {
    const hint = "lor2c compare RUN RUN, an experiment's name, or --where FILTER";
    throw new UsageError("USAGE", "compare needs runs, an experiment or a filter", hint);
  }
  if (margin !== undefined && !(margin > 0 && Number.isFinite(margin))) {
    throw new UsageError("MARGIN_INVALID", "--margin must be a number above 0", "0.01 is one point of accuracy");
  }
  if ((rows === undefined) !== (cols === undefined)) {
    const hint = "for example --rows method --cols task";
    throw new UsageError(
      "USAGE",
      `--${rows === undefined ? "cols" : "rows"} needs --${rows === undefined ? "rows" : "cols"} too`,
      hint,
    );
  }
  if (rows !== undefined && !fold) {
    throw new UsageError("USAGE", "--rows and --cols fold seeds, so --no-fold does not go with them", "leave one out");
  }
}

const request = ({ columns, fold, baseline, margin, rows, cols }: Args, runs: readonly RunRow[], of: string) => ({
  ...{ of, runs, columns, baseline, margin, each: !fold, overRows: true },
  pivot: rows === undefined || cols === undefined ? null : { rows, cols },
});
