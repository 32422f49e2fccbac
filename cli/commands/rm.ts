import type { RunRow } from "../store/read.js";
import { namesRun, SELECTORS } from "../store/selector-words.js";
import { type Command, runs } from "./command.js";
import { DB_OPTION } from "./db-option.js";

interface Args {
  runs: string[];
  yes: boolean;
  db?: string | undefined;
  json: boolean;
}

export default {
  command: "rm <runs..>",
  describe: "Delete runs, or the scores of untuned models, permanently: rows and files, in one step",
  complete: runs,
  builder: (yargs) =>
    yargs
      .positional("runs", {
        type: "string",
        array: true,
        demandOption: true,
        describe: `Runs, each ${SELECTORS}; or names of untuned models, whose evaluations go`,
      })
      .option("yes", { alias: "y", type: "boolean", default: false, describe: "Do not ask" })
      .option("db", DB_OPTION)
      .option("json", { type: "boolean", default: false, describe: "Print what was freed as JSON" })
      .example("$0 rm @failed", "Delete the newest failed run, after a question")
      .example("$0 rm 3fa9 77c0 --yes", "Delete two runs without a question"),
  handler: async ({ runs: selectors, yes, db, json }) => {
    const [
      { openExisting, resolveDbPath },
      { evaluatedModels, findRun },
      { removeModel, removeRuns },
      { evaluatedModel },
      { formatBytes },
      { plural },
      { oneLine },
      output,
    ] = await Promise.all([
      import("../store/store.js"),
      import("../store/read.js"),
      import("../store/write.js"),
      import("../evaluate/subject.js"),
      import("../views/parts/bytes.js"),
      import("../views/format.js"),
      import("../views/parts/visible.js"),
      import("../views/output.js"),
    ]);
    const store = openExisting(resolveDbPath(db));
    try {
      const evaluated = evaluatedModels(store);
      const models = new Set(
        selectors.filter((name) => !namesRun(name)).map((name) => evaluatedModel(name, evaluated)),
      );
      const named = selectors.filter(namesRun).map((selector) => findRun(store, selector));
      const found = new Map(named.map((run) => [run.id, run]));
      if (!yes && !(await confirm([...found.values()], [...models]))) {
        output.writeNote("nothing was removed");
        return;
      }
      for (const model of models) {
        const { evaluations, fileBytes, problems } = removeModel(store, model);
        for (const problem of problems) output.writeNote(`warning: ${problem}`);
        if (json) output.writeJson({ model, evaluations, fileBytes, problems });
        else {
          const removed = `${plural(evaluations, "evaluation")} of the untuned model ${oneLine(model)}`;
          output.writeLine(`removed ${removed}; freed ${formatBytes(fileBytes)} of files`);
        }
      }
      if (found.size === 0) return;
      const removal = removeRuns(store, [...found.keys()]);
      const freed = `${formatBytes(removal.fileBytes)} of files, ${formatBytes(removal.databaseBytes)} of the database`;
      for (const problem of removal.problems) output.writeNote(`warning: ${problem}`);
      if (json) output.writeJson({ ...removal, ids: [...found.keys()] });
      else output.writeLine(`removed ${plural(found.size, "run")}; freed ${freed}`);
    } finally {
      store.close();
    }
  },
} satisfies Command<Args>;

async function confirm(runs: RunRow[], models: string[]): Promise<boolean> {
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
