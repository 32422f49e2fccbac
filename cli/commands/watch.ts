import { type Command, experimentsOrRuns } from "./command.js";
import { DB_OPTION } from "./db-option.js";

interface Args {
  what: string[];
  once?: boolean | undefined;
  ascii?: boolean | undefined;
  db?: string | undefined;
}

export default {
  command: "watch [what..]",
  describe: "Watch runs as they train, from any terminal, or look through stored ones: grid, structure, charts, log",
  complete: experimentsOrRuns,
  builder: (yargs) =>
    yargs
      .positional("what", {
        type: "string",
        array: true,
        default: [] as string[],
        describe: "An experiment (name or number), runs, or @all; default: the experiment of the newest run",
      })
      .option("once", { type: "boolean", describe: "Print one screen and end, as without a terminal" })
      .option("ascii", { type: "boolean", describe: "Only ASCII characters" })
      .option("db", DB_OPTION)
      .example("$0 watch", "The newest experiment, also while another terminal trains it")
      .example("$0 watch mrpc-grid", "An experiment by its name")
      .example("$0 watch 3fa9", "One run: its structure, curves and log")
      .example("$0 watch @all", "Everything that is stored")
      .epilogue("? lists the keys. Watching changes nothing: q leaves, and what trains goes on."),
  handler: async ({ what, once, ascii, db }) => {
    const { sayWaits } = await import("./say-waits.js");
    // One screen is printed as soon as it is read.
    process.exitCode = await sayWaits(once ?? false, async (waits) => {
      const { watch } = await import("../screen/watch.js");
      return await watch({ words: what, once: once ?? false, ascii: ascii ?? false, db, onRead: waits.end });
    });
  },
} satisfies Command<Args>;
