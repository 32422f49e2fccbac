import { SELECTORS } from "../store/selector-words.js";
import { type Command, runs } from "./command.js";
import { DB_OPTION } from "./db-option.js";

interface Args {
  run: string;
  follow: boolean;
  worker: boolean;
  db?: string | undefined;
}

export default {
  command: "logs <run>",
  describe: "Print the log of a run's newest attempt",
  complete: runs,
  builder: (yargs) =>
    yargs
      .positional("run", {
        type: "string",
        demandOption: true,
        describe: `The run: ${SELECTORS}`,
      })
      .option("follow", {
        alias: "f",
        type: "boolean",
        default: false,
        describe: "Keep printing what is added, until the run ends",
      })
      .option("worker", {
        type: "boolean",
        default: false,
        describe: "Print what the worker wrote to stderr, instead of the runner's log (one JSON object per line)",
      })
      .option("db", DB_OPTION)
      .example("$0 logs @last -f --worker", "Watch the worker's own output")
      .example("$0 logs @failed", "What the runner heard of the run that failed last; `show @failed` has its error"),
  handler: async ({ run, follow, worker, db }) => {
    const [{ printLog }, { resolveDbPath }] = await Promise.all([
      import("../views/log/print.js"),
      import("../store/store.js"),
    ]);
    await printLog({ dbPath: resolveDbPath(db), selector: run, follow, worker, out: process.stdout });
  },
} satisfies Command<Args>;
