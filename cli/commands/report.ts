import { UsageError } from "../errors.js";
import { refuseOtherEnding } from "../file-endings.js";
import { type Command, experimentsOrRuns } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { TAG_OPTION, WHERE_OPTION } from "./where-option.js";

interface Args {
  runs: string[];
  where?: string[] | undefined;
  tag?: string[] | undefined;
  baseline?: string | undefined;
  db?: string | undefined;
  output?: string | undefined;
}

export default {
  command: "report <runs..>",
  describe: "Write an experiment's results as one HTML file: tables, tests, heatmap, curves, how to reproduce them",
  complete: experimentsOrRuns,
  builder: (yargs) =>
    yargs
      .positional("runs", {
        type: "string",
        array: true,
        demandOption: true,
        describe: "An experiment (name or number); or runs, or several experiments",
      })
      .option("where", WHERE_OPTION)
      .option("tag", TAG_OPTION)
      .option("baseline", {
        type: "string",
        requiresArg: true,
        describe: "Show differences to this run, or to the row with this name, and test against it",
      })
      .option("output", { alias: "o", type: "string", describe: "File to write; default: standard output" })
      .option("db", DB_OPTION)
      .example("$0 report mrpc-grid -o mrpc-grid.html", "Open it in any browser; it needs no network")
      .example("$0 report mrpc-grid --where 'method.merges >= 1' -o some.html", "Some of its runs"),
  handler: async ({ runs: words, where, tag, baseline, db, output }) => {
    if (output === undefined && process.stdout.isTTY) {
      throw new UsageError("USAGE", "a report is for a browser, not for a terminal", "name a file: -o report.html");
    }
    refuseOtherEnding(output, "html");
    const [{ chooseSet }, { openReader }, { resolveDbPath }, { loadReport }, { reportPage }, { writeOutput }] =
      await Promise.all([
        import("../store/read.js"),
        import("../store/reader.js"),
        import("../store/store.js"),
        import("../report/load.js"),
        import("../report/page.js"),
        import("./write-output.js"),
      ]);
    const store = openReader(resolveDbPath(db));
    let page: string;
    try {
      page = reportPage(loadReport(store, { ...chooseSet(store, { words, where, tag }), baseline }));
    } finally {
      store.close();
    }
    writeOutput(page, output);
  },
} satisfies Command<Args>;
