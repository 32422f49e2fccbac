import type { CompareData } from "../views/compare/data.js";
import { type Command, experimentsOrRuns } from "./command.js";
import { DB_OPTION } from "./db-option.js";

interface Args {
  runs: string[];
  columns?: string | undefined;
  fold: boolean;
  baseline?: string | undefined;
  db?: string | undefined;
  json: boolean;
}

export default {
  command: "compare <runs..>",
  describe: "Compare runs: what changed between two, or a table of many with means over seeds",
  complete: experimentsOrRuns,
  builder: (yargs) =>
    yargs
      .positional("runs", {
        type: "string",
        array: true,
        demandOption: true,
        describe: "Runs (ids, prefixes, @last, ...), or names or numbers of experiments, which mean their runs",
      })
      .option("columns", {
        type: "string",
        describe: "Comma-separated: best:accuracy, accuracy@20, last:loss, method.merges, params, seconds, ...",
      })
      .option("fold", { type: "boolean", default: true, describe: "Runs that differ only in their seed are one row" })
      .option("baseline", { type: "string", describe: "Show differences to this run, or to the row with this name" })
      .option("db", DB_OPTION)
      .option("json", { type: "boolean", default: false, describe: "Print the comparison as JSON" })
      .example("$0 compare 78deb37b 0ac19f7a", "What changed between two runs, and their values")
      .example("$0 compare mrpc-methods", "Means over seeds, best first, and the settings that differ")
      .example("$0 compare mrpc-methods --columns 'score, last:loss, params' --baseline LoRA", "Other columns"),
  handler: async ({ runs, columns, fold, baseline, db, json }) => {
    const [
      { openReader },
      { resolveDbPath },
      { chooseRuns, getRun },
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
      const ids = [...new Set(runs.flatMap((word) => chooseRuns(store, word).runs))];
      const found = ids.flatMap((id) => getRun(store, id) ?? []);
      data = loadCompare(store, { of: runs.join(" "), runs: found, columns, each: !fold, baseline });
    } finally {
      store.close();
    }
    if (json) return writeJsonLines(data);
    writeLine((await import("../views/compare/text.js")).compareText(data, outputWidth()));
  },
} satisfies Command<Args>;
