import { UsageError } from "../errors.js";
import { SELECTORS } from "../store/selector-words.js";
import { type Command, runs as completeRuns } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { changeMarks } from "./marks.js";

interface Args {
  run: string;
  text?: string | undefined;
  clear?: boolean | undefined;
  db?: string | undefined;
  json: boolean;
}

export default {
  command: "note <run> [text]",
  describe: "Write a note about a run, in place of an earlier one; without a text: print it",
  complete: (words) => (words.length === 1 ? completeRuns(words) : []),
  builder: (yargs) =>
    yargs
      .positional("run", { type: "string", demandOption: true, describe: `A run: ${SELECTORS}` })
      .positional("text", { type: "string", describe: "The note, in quotes; it may have several lines" })
      .option("clear", { type: "boolean", describe: "Take the note away", conflicts: "text" })
      .option("db", DB_OPTION)
      .option("json", { type: "boolean", default: false, describe: "Print the note as JSON" })
      .example('$0 note 3fa9 "merging too early; see the curves"', "Write a note")
      .example("$0 note 3fa9", "Print it")
      .example("$0 note 3fa9 --clear", "Take it away"),
  handler: async ({ run: selector, text, clear, db, json }) => {
    if (text === undefined && !clear) return printNote(selector, db, json);
    const [{ checkNote, setNote }, { findRun }] = await Promise.all([
      import("../store/write.js"),
      import("../store/read.js"),
    ]);
    const note = text === undefined ? null : checkNote(text);
    await changeMarks({ db, json, runs: [] }, (store) => {
      const { id, note: former } = findRun(store, selector);
      setNote(store, id, note);
      const said = note === null ? "took the note away from" : "noted about";
      const replaced = former === null || former === note ? "" : `\nbefore: ${former}`;
      return { run: id, note, former, text: `${said} ${id}${replaced}` };
    });
  },
} satisfies Command<Args>;

async function printNote(selector: string, db: string | undefined, json: boolean): Promise<void> {
  const [{ openStore, resolveDbPath }, { findRun }, { writeJson, writeLine }] = await Promise.all([
    import("../store/store.js"),
    import("../store/read.js"),
    import("../views/output.js"),
  ]);
  const store = openStore(resolveDbPath(db), { readonly: true });
  try {
    const { id, note } = findRun(store, selector);
    if (json) return writeJson({ run: id, note });
    if (note === null) throw new UsageError("NO_NOTE", `run ${id} has no note`, `lor2c note ${id} "text" writes one`);
    writeLine(note);
  } finally {
    store.close();
  }
}
