import { UsageError } from "../errors.js";
import type { Garbage, RunBytes } from "../store/garbage.js";
import type { Command } from "./command.js";
import { DB_OPTION } from "./db-option.js";

/** Stored runs that are listed with their sizes. */
const LARGEST = 20;
const HOURS = { h: 1, d: 24, w: 168 } as const;

interface Args {
  "dry-run": boolean;
  "older-than"?: number | undefined;
  copies: boolean;
  db?: string | undefined;
  json: boolean;
}

export default {
  command: "gc",
  describe: "Free space: empty the trash, and delete files that nothing needs",
  builder: (yargs) =>
    yargs
      .option("dry-run", {
        type: "boolean",
        default: false,
        describe: "Delete nothing; print what would go and why, and the bytes of every stored run",
      })
      .option("older-than", {
        type: "string",
        requiresArg: true,
        describe: "Only what was removed or changed before that: 12h, 7d, 2w",
        coerce: hoursOf,
      })
      .option("copies", {
        type: "boolean",
        default: false,
        describe: "Also back-ups from before upgrades, and databases that a job rescued",
      })
      .option("db", DB_OPTION)
      .option("json", { type: "boolean", default: false, describe: "Print it as JSON" })
      .example("$0 gc --dry-run", "What would go and why, and what each run takes")
      .example("$0 gc --older-than 7d", "Empty the trash, but for what was removed this week"),
  handler: async ({ "dry-run": dry, "older-than": hours, copies, db, json }) => {
    const [{ openExisting, openStore, resolveDbPath }, { bytesPerRun, findGarbage }, { collect }] = await Promise.all([
      import("../store/store.js"),
      import("../store/read.js"),
      import("../store/write.js"),
    ]);
    const [{ formatBytes }, { writeJsonLines, writeLine, writeNote }] = await Promise.all([
      import("../views/parts/bytes.js"),
      import("../views/output.js"),
    ]);
    const before = hours === undefined ? null : new Date(Date.now() - hours * 3_600_000);
    const request = { before, copies };
    const path = resolveDbPath(db);
    const store = dry ? openStore(path, { readonly: true }) : openExisting(path);
    try {
      const garbage = findGarbage(store, request);
      if (dry) {
        const runs = bytesPerRun(store);
        if (json) return writeJsonLines({ garbage, runs });
        return writeLine((await report(garbage, runs, store.folder)).join("\n"));
      }
      const { fileBytes, problems } = collect(store, request);
      for (const problem of problems) writeNote(`warning: ${problem}`);
      if (json) return writeJsonLines({ garbage, fileBytes, problems });
      if (garbage.length === 0) return writeLine("there is nothing to delete");
      writeLine([`freed ${formatBytes(fileBytes)}`, "", ...(await goneLines(garbage, store.folder))].join("\n"));
    } finally {
      store.close();
    }
  },
} satisfies Command<Args>;

/** Throws unless the text is a time such as `7d`; yargs prints the message as a usage error. */
function hoursOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, count, unit] = /^(\d{1,4})([hdw])$/.exec(text) ?? [];
  if (count !== undefined) return Number(count) * HOURS[unit as keyof typeof HOURS];
  throw new UsageError("USAGE", `--older-than ${text} is not a time`, "write hours, days or weeks: 12h, 7d, 2w");
}

/** What goes, or has gone. */
async function goneLines(garbage: readonly Garbage[], folder: string): Promise<string[]> {
  const [{ relative }, { tableLines }, { formatBytes }, { outputWidth }] = await Promise.all([
    import("node:path"),
    import("../views/parts/table.js"),
    import("../views/parts/bytes.js"),
    import("../views/terminal.js"),
  ]);
  return tableLines(
    [
      { key: "kind", title: "what" },
      { key: "bytes", title: "size", align: "right" },
      { key: "path", title: "path", least: 20 },
      { key: "why", title: "why", least: 16 },
    ],
    garbage.map(({ kind, bytes, path, why }) => [kind, formatBytes(bytes), relative(folder, path), why]),
    outputWidth(),
  );
}

async function report(garbage: readonly Garbage[], runs: readonly RunBytes[], folder: string): Promise<string[]> {
  const [{ tableLines }, { formatBytes }, { plural, shortId }, { outputWidth }] = await Promise.all([
    import("../views/parts/table.js"),
    import("../views/parts/bytes.js"),
    import("../views/format.js"),
    import("../views/terminal.js"),
  ]);
  const total = (list: readonly { bytes: number }[]) => formatBytes(list.reduce((sum, { bytes }) => sum + bytes, 0));
  const stored = tableLines(
    [
      { key: "run", title: "run" },
      { key: "state", title: "state" },
      { key: "bytes", title: "size", align: "right" },
      { key: "label", title: "label", least: 16 },
    ],
    runs.slice(0, LARGEST).map(({ run, state, bytes, label }) => [shortId(run), state, formatBytes(bytes), label]),
    outputWidth(),
  );
  const more = runs.length > LARGEST ? [`the largest ${LARGEST} of ${runs.length}; --json has all`] : [];
  return [
    garbage.length === 0 ? "nothing would go" : `would go: ${total(garbage)}`,
    ...(garbage.length === 0 ? [] : ["", ...(await goneLines(garbage, folder))]),
    "",
    `stored: ${total(runs)} in ${plural(runs.length, "run")}`,
    ...(runs.length === 0 ? [] : ["", ...stored, ...more]),
  ];
}
