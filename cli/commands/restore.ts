import { UsageError } from "../errors.js";
import type { TrashedRun } from "../store/trash/list.js";
import type { Command } from "./command.js";
import { DB_OPTION } from "./db-option.js";

interface Args {
  runs: string[];
  all: boolean;
  db?: string | undefined;
  json: boolean;
}

export default {
  command: "restore [runs..]",
  describe: "Bring runs back from the trash; without arguments: list what is in it",
  complete: async () => (await import("./stored-words.js")).trashedIds(),
  builder: (yargs) =>
    yargs
      .positional("runs", {
        type: "string",
        array: true,
        default: [] as string[],
        describe: "Runs in the trash: ids, or unique prefixes of them",
      })
      .option("all", {
        type: "boolean",
        default: false,
        describe: "All in the trash but those that were trained again",
      })
      .option("db", DB_OPTION)
      .option("json", { type: "boolean", default: false, describe: "Print the list, or what came back, as JSON" })
      .example("$0 restore", "What is in the trash, what was removed last first")
      .example("$0 restore 3fa9", "Bring a run back with all its numbers and files"),
  handler: async ({ runs, all, db, json }) => {
    const [{ openExisting, openStore, resolveDbPath }, { trashedRuns }, { restoreRuns }] = await Promise.all([
      import("../store/store.js"),
      import("../store/read.js"),
      import("../store/write.js"),
    ]);
    const [{ formatBytes }, { plural }, output] = await Promise.all([
      import("../views/parts/bytes.js"),
      import("../views/format.js"),
      import("../views/output.js"),
    ]);
    if (all && runs.length > 0) throw new UsageError("USAGE", "--all and runs together", "give one of them");
    const listing = runs.length === 0 && !all;
    const path = resolveDbPath(db);
    const store = listing ? openStore(path, { readonly: true }) : openExisting(path);
    try {
      const trashed = trashedRuns(store);
      if (listing) return await list(trashed, json);
      const kept = all ? trashed.filter(({ replaced }) => replaced) : [];
      if (kept.length > 0) output.writeNote(`in the trash stays what is stored again: ${plural(kept.length, "run")}`);
      const ids = all
        ? trashed.flatMap(({ run, replaced }) => (replaced ? [] : run))
        : [...new Set(await Promise.all(runs.map(find(trashed))))];
      if (ids.length === 0 && kept.length === 0 && !json) return output.writeLine("the trash is empty");
      const restored = restoreRuns(store, ids);
      for (const problem of restored.problems) output.writeNote(`warning: ${problem}`);
      if (json) return output.writeJson({ ...restored, ids });
      output.writeLine(`restored ${plural(ids.length, "run")}, with ${formatBytes(restored.fileBytes)} of files`);
    } finally {
      store.close();
    }
  },
} satisfies Command<Args>;

async function list(trashed: readonly TrashedRun[], json: boolean): Promise<void> {
  const [{ LABEL, tableLines }, { formatBytes }, { shortId }, { writeJsonLines, writeLine }] = await Promise.all([
    import("../views/parts/table.js"),
    import("../views/parts/bytes.js"),
    import("../views/format.js"),
    import("../views/output.js"),
  ]);
  if (json) return writeJsonLines(trashed);
  if (trashed.length === 0) return writeLine("the trash is empty");
  const columns = [
    { key: "run", title: "run" },
    { key: "at", title: "removed (UTC)" },
    { key: "bytes", title: "files", align: "right" as const },
    { key: "label", title: "label", ...LABEL },
  ];
  const rows = trashed.map(({ run, at, bytes, label }) => [
    ...[shortId(run), at.slice(0, 16).replace("T", " "), formatBytes(bytes), label],
  ]);
  const width = process.stdout.isTTY ? process.stdout.columns : null;
  writeLine(tableLines(columns, rows, width).join("\n"));
}

/** Returns a function that finds the run that a word means. */
const find =
  (trashed: readonly TrashedRun[]) =>
  async (word: string): Promise<string> => {
    const found = trashed.filter(({ run }) => run.startsWith(word.toLowerCase()));
    const [only] = found;
    if (only && found.length === 1) return only.run;
    const what = found.length === 0 ? "no run" : "more than one run";
    throw new UsageError("RUN_NOT_FOUND", `${word} is ${what} in the trash`, "lor2c restore lists what is in it");
  };
