import { UsageError } from "../errors.js";
import { type Command, experimentsOrRuns } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { SCORE_OPTION, scoreChoice } from "./score-option.js";
import { TAG_OPTION, WHERE_OPTION } from "./where-option.js";

/** How many runs are listed by default. */
const LIMIT = 20;
const STATES = ["planned", "running", "finished", "failed", "out_of_memory", "stopped", "lost"] as const;

interface Args {
  runs: string[];
  db?: string | undefined;
  json: boolean;
  all?: boolean | undefined;
  state?: (typeof STATES)[number] | undefined;
  task?: string | undefined;
  method?: string | undefined;
  where?: string[] | undefined;
  tag?: string[] | undefined;
  sort?: string | undefined;
  limit?: number | undefined;
  score: string;
}

export default {
  command: "ls [runs..]",
  describe: "List runs, newest first",
  complete: experimentsOrRuns,
  dashed: ["sort"],
  builder: (yargs) =>
    yargs
      .positional("runs", {
        type: "string",
        array: true,
        default: [] as string[],
        describe:
          "Only these: runs, and names or numbers of experiments, which mean their runs in the order of the spec",
      })
      .option("all", { type: "boolean", describe: `All runs, not only the newest ${LIMIT}` })
      .option("state", { choices: STATES, describe: "Only runs in this state" })
      .option("task", { type: "string", describe: "Only runs of this task" })
      .option("method", { type: "string", describe: "Only runs of this method" })
      .option("where", WHERE_OPTION)
      .option("tag", TAG_OPTION)
      .option("sort", {
        type: "string",
        requiresArg: true,
        describe: "Order by a key as in --where; -KEY: the largest first. Runs without it come last",
      })
      .option("score", SCORE_OPTION)
      .option("limit", { type: "number", describe: "List at most this many runs", conflicts: "all" })
      .option("db", DB_OPTION)
      .option("json", { type: "boolean", default: false, describe: "Print the runs as JSON" })
      .example("$0 ls", `The newest ${LIMIT} runs`)
      .example("$0 ls mrpc-grid", "The runs of an experiment")
      .example("$0 ls --where 'task = mrpc and method.merges >= 1' --sort -score", "A filter and an order")
      .example("$0 ls --task mrpc --score 20", "Every run's score after epoch 20")
      .example("$0 ls --state failed --json", "The failed runs, for a program"),
  handler: async ({ runs: words, db, json, all, limit, score, where, tag, sort, ...fields }) => {
    const choice = scoreChoice(score);
    if (limit !== undefined && !(Number.isInteger(limit) && limit > 0)) {
      throw new UsageError("LIMIT_INVALID", "--limit must be a whole number above 0");
    }
    const [
      { openReader },
      { resolveDbPath },
      { chooseSet },
      { outputWidth },
      { writeJsonLines, writeLine, writeNote },
    ] = await Promise.all([
      import("../store/reader.js"),
      import("../store/store.js"),
      import("../store/read.js"),
      import("../views/terminal.js"),
      import("../views/output.js"),
    ]);
    const store = openReader(resolveDbPath(db));
    try {
      const most = all ? undefined : (limit ?? (words.length > 0 ? undefined : LIMIT));
      // Asks for one more run than is shown, to know whether there are more.
      const epoch = typeof choice === "number" ? choice : undefined;
      const {
        runs: found,
        none,
        experiment,
        namesakes,
      } = chooseSet(store, {
        ...{ words, where, tag, sort, epoch, limit: most === undefined ? undefined : most + 1, mayBeEmpty: true },
        fields: { state: fields.state, task: fields.task, method: fields.method },
      });
      const { loadListed, runsTable } = await import("../views/runs-table.js");
      const runs = loadListed(store, most === undefined ? found : found.slice(0, most), choice);
      if (json) return writeJsonLines(runs);
      const width = outputWidth();
      if (runs.length === 0) {
        const { prose } = await import("../views/parts/prose.js");
        return writeLine(
          none
            .split("\n")
            .flatMap((line) => prose(line, width))
            .join("\n"),
        );
      }
      writeLine(runsTable(runs, width, choice));
      if (experiment && namesakes.length > 0) writeNote(namesakesNote(experiment, namesakes));
      const { mixedNumerics } = await import("../plan/numerics.js");
      const mixed = mixedNumerics(runs.filter((run) => run.state === "finished"));
      if (mixed) writeNote(`note: ${mixed}`);
      if (found.length > runs.length && limit === undefined) writeNote("there are more: --all lists them");
    } finally {
      store.close();
    }
  },
} satisfies Command<Args>;

/** A name means the newest experiment of that name; the runs of the others are not lost. */
function namesakesNote({ id, name }: Named, others: readonly Named[]): string {
  const numbers = others.map((other) => other.id).join(", ");
  return `note: this is experiment ${id}, the newest that is called ${name}; number ${numbers} has that name too: \`lor2c ls ${others[0]?.id ?? ""}\``;
}

interface Named {
  id: number;
  name: string;
}
