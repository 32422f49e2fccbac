import { UsageError } from "../errors.js";
import type { CompareData } from "../views/compare/data.js";
import { type Command, experimentsOrRuns } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { WHERE_OPTION } from "./where-option.js";

interface Args {
  runs?: string[] | undefined;
  where?: string[] | undefined;
  tag?: string[] | undefined;
  columns?: string | undefined;
  fold: boolean;
  baseline?: string | undefined;
  margin?: number | undefined;
  db?: string | undefined;
  json: boolean;
}

export default {
  command: "compare [runs..]",
  describe: "Compare runs: what changed between two, or a table of many with means over seeds",
  complete: experimentsOrRuns,
  builder: (yargs) =>
    yargs
      .positional("runs", {
        type: "string",
        array: true,
        describe: "Runs (ids, prefixes, @last, ...), or names or numbers of experiments, which mean their runs",
      })
      .option("where", WHERE_OPTION)
      .option("tag", { type: "string", array: true, nargs: 1, requiresArg: true, describe: "Only runs with this tag" })
      .option("columns", {
        type: "string",
        describe: "Comma-separated: best:accuracy, accuracy@20, last:loss, method.merges, params, seconds, ...",
      })
      .option("fold", { type: "boolean", default: true, describe: "Runs that differ only in their seed are one row" })
      .option("baseline", { type: "string", describe: "Show differences to this run, or to the row with this name" })
      .option("margin", {
        type: "number",
        requiresArg: true,
        describe: "Rows count as the same within this, in units of the score (default: 0.01, one point)",
      })
      .option("db", DB_OPTION)
      .option("json", { type: "boolean", default: false, describe: "Print the comparison as JSON" })
      .example("$0 compare 78deb37b 0ac19f7a", "What changed between two runs, and their values")
      .example("$0 compare mrpc-methods", "Means over seeds, best first, and the settings that differ")
      .example("$0 compare --where 'task = mrpc and method.rank = 8'", "Runs of any experiment")
      .example("$0 compare mrpc-methods --columns 'score, last:loss, params' --baseline LoRA", "Other columns"),
  handler: async ({ runs = [], where, tag, columns, fold, baseline, margin, db, json }) => {
    if (margin !== undefined && !(margin > 0 && Number.isFinite(margin))) {
      throw new UsageError("MARGIN_INVALID", "--margin must be a number above 0", "0.01 is one point of accuracy");
    }
    const [
      { openReader },
      { resolveDbPath },
      { chooseSet },
      { loadCompare },
      { writeJsonLines, writeLine },
      { outputWidth },
    ] = await Promise.all([
      import("../store/reader.js"),
      import("../store/store.js"),
      import("../store/read.js"),
      import("../views/compare/load.js"),
      import("../views/output.js"),
      import("../views/terminal.js"),
    ]);
    const store = openReader(resolveDbPath(db));
    let data: CompareData;
    try {
      const set = chooseSet(store, { words: runs, where, tag });
      data = loadCompare(store, { of: set.said, runs: set.runs, columns, each: !fold, baseline, margin });
    } finally {
      store.close();
    }
    if (json) return writeJsonLines(data);
    writeLine((await import("../views/compare/text.js")).compareText(data, outputWidth()));
  },
} satisfies Command<Args>;
