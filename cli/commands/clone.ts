import { type Command, experimentsOrRuns } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { SET_OPTION } from "./set-option.js";

interface Args {
  what: string;
  set: string[];
  output?: string | undefined;
  db?: string | undefined;
}

export default {
  command: "clone <what>",
  describe: "Write the spec of a stored run or experiment, with changes",
  complete: experimentsOrRuns,
  builder: (yargs) =>
    yargs
      .positional("what", {
        type: "string",
        demandOption: true,
        describe: "An experiment (name or number), whose text and comments are kept, or a run",
      })
      .option("set", SET_OPTION)
      .option("output", { alias: "o", type: "string", describe: "File to write; it must be new. Default: print it" })
      .option("db", DB_OPTION)
      .example("$0 clone 3fa9 -o again.yaml", "The spec of one run; run again.yaml finds it finished")
      .example("$0 clone mrpc-grid --set seed=2 -o mrpc-seed2.yaml", "A whole experiment with another seed")
      .example("$0 clone @best --set method.rank=4 | $0 run -", "A variant of the best run, without a file"),
  handler: async ({ what, set, output, db }) => {
    const [{ cloneSpec }, { openReader }, { resolveDbPath }, { writeNew, refuseExisting }, { writeNote, writeText }] =
      await Promise.all([
        import("../clone/clone-spec.js"),
        import("../store/reader.js"),
        import("../store/store.js"),
        import("./new-file.js"),
        import("../views/output.js"),
      ]);
    const { plural } = await import("../views/format.js");
    if (output !== undefined) await refuseExisting(output);
    const store = openReader(resolveDbPath(db));
    try {
      const { text, runs, kept } = cloneSpec(store, what, set, output ?? null);
      if (output === undefined) return writeText(text);
      await writeNew(output, text);
      writeNote(
        `wrote ${output}: ${plural(runs, "run")}${kept ? "" : ", from stored settings"}. Next: lor2c plan ${output}`,
      );
    } finally {
      store.close();
    }
  },
} satisfies Command<Args>;
