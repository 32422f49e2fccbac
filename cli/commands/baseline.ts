import { UsageError } from "../errors.js";
import type { RunRow } from "../store/read.js";
import { SELECTORS } from "../store/selector-words.js";
import { type Command, runs as completeRuns } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { changeMarks } from "./marks.js";

interface Args {
  run?: string | undefined;
  clear?: boolean | undefined;
  db?: string | undefined;
  json: boolean;
}

export default {
  command: "baseline [run]",
  describe: "Say which run others of its model and task are compared with; without a run: print the baselines",
  complete: completeRuns,
  builder: (yargs) =>
    yargs
      .positional("run", { type: "string", describe: `A run: ${SELECTORS}. Its other seeds count with it` })
      .option("clear", { type: "boolean", describe: "Take the baseline away: this one, or all" })
      .option("db", DB_OPTION)
      .option("json", { type: "boolean", default: false, describe: "Print the baselines, or what changed, as JSON" })
      .example("$0 baseline 3fa9", "Compare with this run from now on")
      .example("$0 baseline", "Print the baselines, one of each model and task")
      .example("$0 baseline --clear", "Have none"),
  handler: async ({ run: selector, clear, db, json }) => {
    if (selector === undefined && !clear) return printBaselines(db, json);
    const [{ clearBaselines, setBaseline }, { findRun }, { oneLine }] = await Promise.all([
      import("../store/write.js"),
      import("../store/read.js"),
      import("../views/parts/visible.js"),
    ]);
    await changeMarks({ db, json, runs: [] }, (store) => {
      const run = selector === undefined ? null : findRun(store, selector);
      if (run !== null && !clear) {
        const former = setBaseline(store, run);
        const instead = former === null || former.id === run.id ? "" : `, instead of ${former.id}`;
        return { run: run.id, former: former?.id ?? null, text: `baseline: ${oneLine(described(run))}${instead}` };
      }
      const cleared = clearBaselines(store, run?.id ?? null);
      if (run !== null && cleared === 0) {
        throw new UsageError("NO_BASELINE", `run ${run.id} is no baseline`, "lor2c baseline prints those that are");
      }
      return {
        run: run?.id ?? null,
        cleared,
        text: `took away ${cleared === 1 ? "1 baseline" : `${cleared} baselines`}`,
      };
    });
  },
} satisfies Command<Args>;

const described = ({ id, label, model, task }: RunRow): string => `${id} ${label} (${model}, ${task})`;

async function printBaselines(db: string | undefined, json: boolean): Promise<void> {
  const [{ openStore, resolveDbPath }, { baselines }, { oneLine }, { writeJsonLines, writeLine }] = await Promise.all([
    import("../store/store.js"),
    import("../store/read.js"),
    import("../views/parts/visible.js"),
    import("../views/output.js"),
  ]);
  const store = openStore(resolveDbPath(db), { readonly: true });
  try {
    const list = baselines(store);
    if (json)
      return writeJsonLines(
        list.map(({ id, label, model, task, own_rows }) => ({ run: id, label, model, task, own_rows })),
      );
    writeLine(list.length === 0 ? "there is no baseline" : list.map((run) => oneLine(described(run))).join("\n"));
  } finally {
    store.close();
  }
}
