import { UsageError } from "../errors.js";
import type { MeasuredTable } from "../paper/measured-table.js";
import type { PaperTable } from "../paper/reference.js";
import type { ComparableRun } from "../store/read-comparable.js";
import type { Command } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { chosenFormat, type OutputArgs, outputOptions } from "./output-format.js";

const TABLES = ["table1", "table2"] as const;
const FORMATS = ["text", "markdown", "latex", "csv", "json"] as const;
const SCORES = ["best", "last"] as const;

interface Args extends OutputArgs<(typeof FORMATS)[number]> {
  table: (typeof TABLES)[number];
  model?: string | undefined;
  experiment?: string | undefined;
  score: (typeof SCORES)[number];
  audit: boolean;
  db?: string | undefined;
}

export default {
  command: "paper <table>",
  describe: "Print the paper's tables: stored results beside published ones, with a verdict for each cell",
  builder: (yargs) =>
    yargs
      .positional("table", { choices: TABLES, demandOption: true, describe: "GLUE (table1) or instructions (table2)" })
      .option("model", { type: "string", describe: "The model of the runs (default: the paper's model)" })
      .option("experiment", {
        type: "string",
        describe: "Only runs of experiments with this name, even if trained on part of the rows",
      })
      .option("score", { choices: SCORES, default: "best" as const, describe: "A run's score: best or last epoch" })
      .option("audit", {
        type: "boolean",
        default: true,
        describe: "Say which printed numbers cannot be what they seem; --no-audit leaves it out",
      })
      .options(outputOptions(FORMATS))
      .option("db", DB_OPTION)
      .example("$0 paper table1", "Which cells are reproduced, which differ, which were not run")
      .example("$0 paper table1 -o table1.tex", "For a LaTeX document (booktabs)")
      .example("$0 paper table1 --model minilm", "Another model beside the published numbers, without verdicts"),
  handler: async (args) => {
    const { table: name, model, experiment, score, output, db } = args;
    const wanted = chosenFormat(args, FORMATS);
    const [
      { paperTables },
      { measureTable },
      { storedModels },
      { sameModel },
      { shippedCatalog },
      { PAPER_FORMATS },
      { writeOutput },
      { visible },
      { outputWidth },
    ] = await Promise.all([
      import("../paper/reference.js"),
      import("../paper/measure-table.js"),
      import("../paper/notes.js"),
      import("../paper/runs-of-cell.js"),
      import("../spec/catalog.js"),
      import("../views/paper/index.js"),
      import("./write-output.js"),
      import("../views/parts/visible.js"),
      import("../views/terminal.js"),
    ]);
    const table = paperTables().tables[name];
    if (table.protocol !== undefined && score === "last") {
      throw new UsageError(
        "SCORE_UNKNOWN",
        `--score last: the scores of ${name} are those of stored adapters, which are of the best epoch`,
        "leave --score out",
      );
    }
    const runs = await storedRuns(db, table, experiment);
    // The paper's own model needs no stored runs; another model must have some.
    if (model !== undefined && ![table, ...runs].some((one) => sameModel(one.model, model))) {
      const stored = storedModels(runs);
      const hint = stored === "" ? "nothing of these tasks is stored" : `stored: ${stored}`;
      throw new UsageError("MODEL_UNKNOWN", `there is no run of the model ${model} on the tasks of ${name}`, hint);
    }
    const rows = table.protocol === undefined && score === "best" ? await storedRows(db) : undefined;
    let measured: MeasuredTable;
    try {
      measured = measureTable({
        ...{ name, table, runs, score, model: model ?? table.model, experiment: experiment ?? null },
        ...{ catalog: shippedCatalog(), audited: args.audit, items: rows?.items },
      });
    } finally {
      rows?.close();
    }
    const width = output === undefined ? outputWidth() : null;
    const content = PAPER_FORMATS[wanted](measured, width);
    writeOutput(`${wanted === "csv" ? content : visible(content)}\n`, output);
  },
} satisfies Command<Args>;

/** The evaluation rows of runs; the database is opened when the first are asked for. */
async function storedRows(db: string | undefined) {
  const [{ openReader }, { resolveDbPath }, { runItems }] = await Promise.all([
    import("../store/reader.js"),
    import("../store/store.js"),
    import("../views/run-items.js"),
  ]);
  let opened: ReturnType<typeof openReader> | undefined;
  return {
    items: () => {
      opened ??= openReader(resolveDbPath(db));
      return runItems(opened);
    },
    close: () => opened?.close(),
  };
}

/** No runs if there is no database: the published numbers can be shown without one. */
async function storedRuns(
  db: string | undefined,
  table: PaperTable,
  experiment: string | undefined,
): Promise<ComparableRun[]> {
  const [
    { existsSync },
    { openReader },
    { resolveDbPath },
    { comparableRuns },
    { evaluatedRuns },
    { experiments },
    { writeNote },
  ] = await Promise.all([
    import("node:fs"),
    import("../store/reader.js"),
    import("../store/store.js"),
    import("../store/read-comparable.js"),
    import("../store/read-evaluated.js"),
    import("../store/read.js"),
    import("../views/output.js"),
  ]);
  const path = resolveDbPath(db);
  const named = db !== undefined || Boolean(process.env.LOR2C_DB) || experiment !== undefined;
  if (!named && !existsSync(path)) {
    writeNote(`note: there is no database ${path} yet, so nothing is measured`);
    return [];
  }
  const store = openReader(path);
  try {
    if (experiment !== undefined) {
      const names = [...new Set(experiments(store).map((one) => one.name))];
      if (!names.includes(experiment)) {
        const hint = names.length === 0 ? "the database has none" : `stored: ${names.slice(0, 10).join(", ")}`;
        throw new UsageError("EXPERIMENT_UNKNOWN", `there is no experiment ${experiment}`, hint);
      }
    }
    if (table.protocol === undefined)
      return comparableRuns(
        store,
        table.columns.map(({ task }) => task),
      );
    return evaluatedRuns(store, table.protocol, new Map(table.columns.map(({ task, metric }) => [task, metric])));
  } finally {
    store.close();
  }
}
