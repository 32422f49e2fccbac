import { type Command, experimentsOrRuns } from "./command.js";
import { DB_OPTION } from "./db-option.js";

interface Args {
  action: "record";
  runs: string[];
  output: string;
  db?: string | undefined;
}

export default {
  command: "reference <action> <runs..>",
  describe: "Record the numbers of finished runs in a file, for lor2c verify SPEC --against FILE",
  complete: async (words) => (words.length === 1 ? ["record"] : experimentsOrRuns(words)),
  builder: (yargs) =>
    yargs
      .usage(
        "$0 reference record <runs..> -o FILE\n\nRecord the numbers of finished runs, to compare later trainings with",
      )
      .positional("action", { choices: ["record"] as const, demandOption: true, describe: "What to do" })
      .positional("runs", {
        type: "string",
        array: true,
        demandOption: true,
        describe: "Runs, or experiments (name or number), whose runs are all recorded",
      })
      .option("output", {
        alias: "o",
        type: "string",
        demandOption: true,
        requiresArg: true,
        describe: "The file. One that is there keeps its other device classes",
      })
      .option("db", DB_OPTION)
      .example("$0 reference record mrpc-grid -o reference.json", "All runs of an experiment")
      .example("$0 reference record @last -o reference.json", "The newest run"),
  handler: async ({ runs, output: file, db }) => {
    const [
      { readIfThere, emptyReference, referenceText },
      { record, recordedTexts },
      { chooseSet },
      { openStore, resolveDbPath },
    ] = await Promise.all([
      import("../verify/reference.js"),
      import("../verify/record.js"),
      import("../store/choose-set.js"),
      import("../store/store.js"),
    ]);
    const before = readIfThere(file) ?? emptyReference();
    const store = openStore(resolveDbPath(db), { readonly: true });
    try {
      const [{ writeOutput }, { writeNote }] = await Promise.all([
        import("./write-output.js"),
        import("../views/output.js"),
      ]);
      const after = record(store, chooseSet(store, { words: runs }).runs, before);
      writeOutput(referenceText(after), file);
      for (const line of recordedTexts(before, after)) writeNote(line);
    } finally {
      store.close();
    }
  },
} satisfies Command<Args>;
