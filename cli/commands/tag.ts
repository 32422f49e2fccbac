import { UsageError } from "../errors.js";
import type { TableColumn } from "../views/parts/table.js";
import { type Command, taggedRuns } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { changeMarks } from "./marks.js";
import { WHERE_OPTION } from "./where-option.js";

interface Args {
  tag?: string | undefined;
  runs: string[];
  where?: string[] | undefined;
  db?: string | undefined;
  json: boolean;
}

export default {
  command: "tag [tag] [runs..]",
  describe: "Give runs a tag, a word to find them by; without arguments: list the tags",
  complete: taggedRuns,
  builder: (yargs) =>
    yargs
      .positional("tag", { type: "string", describe: "A word: letters, digits or . _ + -" })
      .positional("runs", {
        type: "string",
        array: true,
        default: [] as string[],
        describe: "Runs, or experiments (name or number), whose runs all get it",
      })
      .option("where", WHERE_OPTION)
      .option("db", DB_OPTION)
      .option("json", { type: "boolean", default: false, describe: "Print the tags, or what changed, as JSON" })
      .example("$0 tag paper @best 3fa9", "Tag two runs")
      .example("$0 tag candidate mrpc-grid", "Tag all runs of an experiment")
      .example("$0 tag good --where 'best.accuracy > 0.85'", "Tag all that match a filter")
      .example("$0 tag", "Every tag, and how many runs have it"),
  handler: async ({ tag, runs, where, db, json }) => {
    if (tag === undefined) {
      if (where === undefined) return listTags(db, json);
      throw new UsageError("USAGE", "--where chooses runs that are to get a tag", "name the tag before it");
    }
    if (runs.length === 0 && where === undefined) {
      const hint = `name them after the tag, e.g. lor2c tag ${tag} @best, or say --where`;
      throw new UsageError("USAGE", `which runs are to get the tag ${tag}?`, hint);
    }
    const { addTag, checkTag } = await import("../store/write.js");
    await changeMarks({ db, json, runs, where }, (store, ids) => {
      const name = checkTag(store, tag);
      const changed = addTag(store, name, ids);
      return { tag: name, runs: ids, changed, text: counted(ids.length, changed, `tagged ${name}`, "had it already") };
    });
  },
} satisfies Command<Args>;

const counted = (all: number, changed: number, done: string, rest: string): string =>
  `${done}: ${changed} of ${all} ${all === 1 ? "run" : "runs"}${changed < all ? `; ${all - changed} ${rest}` : ""}`;

async function listTags(db: string | undefined, json: boolean): Promise<void> {
  const [
    { openStore, resolveDbPath },
    { tags },
    { tableLines },
    { formatCount },
    { writeJsonLines, writeLine },
    { outputWidth },
  ] = await Promise.all([
    import("../store/store.js"),
    import("../store/read.js"),
    import("../views/parts/table.js"),
    import("../views/format.js"),
    import("../views/output.js"),
    import("../views/terminal.js"),
  ]);
  const store = openStore(resolveDbPath(db), { readonly: true });
  try {
    const list = tags(store);
    if (json) return writeJsonLines(list);
    if (list.length === 0) return writeLine("no run has a tag");
    const heads: TableColumn[] = [
      { key: "tag", title: "tag", least: 20 },
      { key: "runs", title: "runs", align: "right" },
      { key: "at", title: "last given (UTC)" },
    ];
    const rows = list.map(({ tag, runs, at }) => [tag, formatCount(runs), at.slice(0, 16).replace("T", " ")]);
    for (const line of tableLines(heads, rows, outputWidth())) writeLine(line);
  } finally {
    store.close();
  }
}
