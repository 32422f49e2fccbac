import { UsageError } from "../errors.js";
import { type Command, taggedRuns } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { changeMarks } from "./marks.js";

interface Args {
  tag: string;
  runs: string[];
  all?: boolean | undefined;
  db?: string | undefined;
  json: boolean;
}

export default {
  command: "untag <tag> [runs..]",
  describe: "Take a tag away from runs",
  complete: taggedRuns,
  builder: (yargs) =>
    yargs
      .positional("tag", { type: "string", demandOption: true, describe: "The tag" })
      .positional("runs", {
        type: "string",
        array: true,
        default: [] as string[],
        describe: "Runs, or experiments (name or number)",
      })
      .option("all", { type: "boolean", describe: "From all runs that have it" })
      .option("db", DB_OPTION)
      .option("json", { type: "boolean", default: false, describe: "Print what changed as JSON" })
      .example("$0 untag candidate 3fa9", "One run is no candidate any more")
      .example("$0 untag candidate --all", "Nothing is"),
  handler: async ({ tag, runs, all, db, json }) => {
    if (all && runs.length > 0) throw new UsageError("USAGE", "--all and runs together", "give one of them");
    if (!all && runs.length === 0) {
      const hint = "name runs after the tag, or give --all";
      throw new UsageError("USAGE", `from which runs is the tag ${tag} to be taken away?`, hint);
    }
    const { removeTag } = await import("../store/write.js");
    await changeMarks({ db, json, runs }, (store, ids) => {
      const name = tag.normalize("NFC");
      const changed = removeTag(store, name, all ? null : ids);
      const text = `untagged ${name}: ${changed} ${changed === 1 ? "run" : "runs"}`;
      return { tag: name, changed, text: changed === 0 ? `none of the runs has the tag ${name}` : text };
    });
  },
} satisfies Command<Args>;
