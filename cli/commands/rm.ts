import type { ChosenSet } from "../store/choose-set.js";
import type { RunRow } from "../store/read.js";
import { SELECTORS } from "../store/selector-words.js";
import type { Store } from "../store/store.js";
import { type Command, experimentsOrRuns } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { TAG_OPTION, WHERE_OPTION } from "./where-option.js";

interface Args {
  runs: string[];
  where?: string[] | undefined;
  tag?: string[] | undefined;
  now: boolean;
  yes: boolean;
  db?: string | undefined;
  json: boolean;
}

export default {
  command: "rm [runs..]",
  describe: "Move runs to the trash, from where `restore` brings them back; or delete scores of untuned models",
  complete: experimentsOrRuns,
  builder: (yargs) =>
    yargs
      .positional("runs", {
        type: "string",
        array: true,
        default: [] as string[],
        describe: `Runs, each ${SELECTORS}; experiments; or names of untuned models, whose evaluations are deleted`,
      })
      .option("where", WHERE_OPTION)
      .option("tag", TAG_OPTION)
      .option("now", { type: "boolean", default: false, describe: "Delete for good and free the space at once" })
      .option("yes", { alias: "y", type: "boolean", default: false, describe: "Do not ask before deleting for good" })
      .option("db", DB_OPTION)
      .option("json", { type: "boolean", default: false, describe: "Print what was removed as JSON" })
      .example("$0 rm @failed", "Move the newest failed run to the trash")
      .example("$0 rm --where 'state = failed'", "Move all that failed to the trash")
      .example("$0 rm 3fa9 77c0 --now --yes", "Delete two runs for good, without a question"),
  handler: async ({ runs: words, where, tag, now, yes, db, json }) => {
    const [{ openExisting, resolveDbPath }, { writeNote }] = await Promise.all([
      import("../store/store.js"),
      import("../views/output.js"),
    ]);
    const store = openExisting(resolveDbPath(db));
    try {
      const { runs, models } = await chosen(store, { words, where, tag });
      const forGood = { runs: now ? runs : [], models };
      if (!yes && (forGood.runs.length > 0 || models.length > 0) && !(await confirm(forGood))) {
        writeNote("nothing was removed");
        return;
      }
      for (const model of models) await deleteModel(store, model, json);
      if (runs.length > 0) await (now ? deleteRuns : moveRuns)(store, runs, json);
    } finally {
      store.close();
    }
  },
} satisfies Command<Args>;

interface Chosen {
  runs: RunRow[];
  models: string[];
}

/** Words that are neither a run nor an experiment are models. */
async function chosen(
  store: Store,
  { words, where, tag }: Pick<Args, "where" | "tag"> & { words: string[] },
): Promise<Chosen> {
  const [{ chooseSet, evaluatedModels, experiments }, { namesRun }, { evaluatedModel }, { UsageError }] =
    await Promise.all([
      import("../store/read.js"),
      import("../store/selector-words.js"),
      import("../evaluate/subject.js"),
      import("../errors.js"),
    ]);
  const filtered = (where ?? tag ?? []).length > 0;
  if (words.length === 0 && !filtered) {
    throw new UsageError("USAGE", "which runs?", "name runs or experiments, or say --where or --tag");
  }
  const names = new Set(experiments(store).map(({ name }) => name));
  const ofRuns = (word: string) => filtered || namesRun(word) || names.has(word);
  const evaluated = evaluatedModels(store);
  const models = words.filter((word) => !ofRuns(word)).map((name) => evaluatedModel(name, evaluated));
  const wanted = words.filter(ofRuns);
  const set: Pick<ChosenSet, "runs"> =
    wanted.length > 0 || filtered ? chooseSet(store, { words: wanted, where, tag }) : { runs: [] };
  return { runs: set.runs, models: [...new Set(models)] };
}

async function moveRuns(store: Store, runs: readonly RunRow[], json: boolean): Promise<void> {
  const [{ trashRuns }, { formatBytes }, { plural, shortId }, output] = await Promise.all([
    import("../store/write.js"),
    import("../views/parts/bytes.js"),
    import("../views/format.js"),
    import("../views/output.js"),
  ]);
  const ids = runs.map(({ id }) => id);
  const moved = trashRuns(store, ids);
  for (const problem of moved.problems) output.writeNote(`warning: ${problem}`);
  if (json) return output.writeJson({ ...moved, ids, trash: true });
  const first = shortId(ids[0] ?? "");
  output.writeLine(`moved ${plural(ids.length, "run")} to the trash, with ${formatBytes(moved.fileBytes)} of files`);
  output.writeNote(`lor2c restore ${first}${ids.length > 1 ? " ..." : ""} brings back, lor2c gc frees the space`);
}

async function deleteRuns(store: Store, runs: readonly RunRow[], json: boolean): Promise<void> {
  const [{ removeRuns }, { formatBytes }, { plural }, output] = await Promise.all([
    import("../store/write.js"),
    import("../views/parts/bytes.js"),
    import("../views/format.js"),
    import("../views/output.js"),
  ]);
  const ids = runs.map(({ id }) => id);
  const removal = removeRuns(store, ids);
  const freed = `${formatBytes(removal.fileBytes)} of files, ${formatBytes(removal.databaseBytes)} of the database`;
  for (const problem of removal.problems) output.writeNote(`warning: ${problem}`);
  if (json) output.writeJson({ ...removal, ids, trash: false });
  else output.writeLine(`deleted ${plural(ids.length, "run")}; freed ${freed}`);
}

async function deleteModel(store: Store, model: string, json: boolean): Promise<void> {
  const [{ removeModel }, { formatBytes }, { plural }, { oneLine }, output] = await Promise.all([
    import("../store/write.js"),
    import("../views/parts/bytes.js"),
    import("../views/format.js"),
    import("../views/parts/visible.js"),
    import("../views/output.js"),
  ]);
  const { evaluations, fileBytes, problems } = removeModel(store, model);
  for (const problem of problems) output.writeNote(`warning: ${problem}`);
  if (json) return output.writeJson({ model, evaluations, fileBytes, problems });
  const removed = `${plural(evaluations, "evaluation")} of the untuned model ${oneLine(model)}`;
  output.writeLine(`deleted ${removed}; freed ${formatBytes(fileBytes)} of files`);
}

async function confirm({ runs, models }: Chosen): Promise<boolean> {
  const [{ isInteractive }, { UsageError }, { oneLine }] = await Promise.all([
    import("../views/terminal.js"),
    import("../errors.js"),
    import("../views/parts/visible.js"),
  ]);
  const list = [
    ...runs.map((run) => `    ${run.id}  ${run.state}  ${oneLine(run.label)}`),
    ...models.map((model) => `    evaluations of ${oneLine(model)}`),
  ].join("\n");
  if (!isInteractive()) {
    throw new UsageError(
      "NOT_CONFIRMED",
      `would delete for good:\n${list}`,
      "add --yes: there is no terminal for the question",
    );
  }
  const { createInterface } = await import("node:readline/promises");
  const question = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await question.question(`delete for good:\n${list}\n[y/N] `)).trim());
  } finally {
    question.close();
  }
}
