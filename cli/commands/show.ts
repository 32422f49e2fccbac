import type { CommandModule } from "yargs";
import { DB_OPTION } from "./db-option.js";

/** Columns when stdout is no terminal. */
const WIDTH = 100;

interface Args {
  run: string;
  view?: string | undefined;
  db?: string | undefined;
  json: boolean;
}

export default {
  command: "show <run> [view]",
  describe: "Show a stored run: summary, curves, attempts, settings or timeline",
  builder: (yargs) =>
    yargs
      .positional("run", {
        type: "string",
        demandOption: true,
        describe: "Id, unique prefix (4 or more), @last, @best, @best:<metric>, @failed",
      })
      .positional("view", { type: "string", describe: "summary (default), curves, attempts, settings, timeline" })
      .option("db", DB_OPTION)
      .option("json", { type: "boolean", default: false, describe: "Print the view's data as JSON" })
      .example("$0 show @last", "The newest run")
      .example("$0 show @best curves", "Loss and score of the best run")
      .example("$0 show 3fa9 timeline", "How its structure changed"),
  handler: async ({ run: selector, view: name, db, json }) => {
    const [{ openReader }, { resolveDbPath }, { findRun }, { VIEWS }, { UsageError }] = await Promise.all([
      import("../store/reader.js"),
      import("../store/store.js"),
      import("../store/read.js"),
      import("../views/index.js"),
      import("../errors.js"),
    ]);
    const view = VIEWS.find((candidate) => candidate.name === (name ?? VIEWS[0]?.name));
    if (!view) {
      const list = VIEWS.map((known) => `${known.name.padEnd(10)}${known.describe}`).join("\n    ");
      throw new UsageError("VIEW_UNKNOWN", `there is no view ${name}`, `the views are\n    ${list}`);
    }
    const store = openReader(resolveDbPath(db));
    try {
      const data = view.load(store, findRun(store, selector));
      const text = json ? JSON.stringify(data, null, 2) : view.render(data, process.stdout.columns ?? WIDTH);
      process.stdout.write(`${text}\n`);
    } finally {
      store.close();
    }
  },
} satisfies CommandModule<object, Args>;
