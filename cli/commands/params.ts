import { type Command, files } from "./command.js";
import { sayWaits } from "./say-waits.js";
import { SET_OPTION } from "./set-option.js";

interface Args {
  file: string;
  set: string[];
  all: boolean;
  json: boolean;
}

export default {
  command: "params <file>",
  describe: "Count trainable parameters exactly, with their formula, from the model's shapes: no weights, no rows",
  complete: files,
  builder: (yargs) =>
    yargs
      .positional("file", { type: "string", demandOption: true, describe: "Spec file; - reads standard input" })
      .option("set", SET_OPTION)
      .option("all", { type: "boolean", default: false, describe: "One row for every layer, also for equal ones" })
      .option("json", { type: "boolean", default: false, describe: "Print the counts as JSON" })
      .example("$0 params configs/glue/mrpc-imlor2c.yaml", "The counts of every run of a spec")
      .example("$0 params configs/glue/mrpc.yaml --set model=meta-llama/Llama-2-7b-hf", "On another model"),
  handler: (args) => sayWaits(args.json, () => carryOut(args)),
} satisfies Command<Args>;

async function carryOut({ file, set, all, json }: Args): Promise<void> {
  const [
    { loadSpec },
    { methodName },
    { countCells },
    { paramsTexts, totals },
    { paperTables },
    { publishedParams },
    { UsageError },
    { writeJsonLines, writeText },
    { outputWidth },
    { EXECUTORS },
  ] = await Promise.all([
    import("../spec/load.js"),
    import("../spec/cell.js"),
    import("../worker/count.js"),
    import("../views/params-text.js"),
    import("../paper/reference.js"),
    import("../paper/published-params.js"),
    import("../errors.js"),
    import("../views/output.js"),
    import("../views/terminal.js"),
    import("../executors/index.js"),
  ]);
  const spec = loadSpec(file, set);
  const counted = await countCells(spec.cells, EXECUTORS.local({}).ask);
  const problems = new Set(counted.flatMap((count) => count.problems));
  if (problems.size > 0) throw new UsageError("CELL_CANNOT_RUN", [...problems].join("\n"));
  const tables = paperTables();
  const cells = spec.cells.flatMap((cell, i) => {
    const { label, settings } = cell;
    const count = counted[i];
    if (!count) return [];
    return [{ label, method: methodName(cell), counted: count, published: publishedParams(settings, tables) }];
  });
  if (json) {
    const out = cells.map(({ label, method, published, counted: { parts, changes, shapes, ...rest } }) => ({
      label,
      method,
      shapes,
      ...totals({ parts, changes, shapes, ...rest }),
      head: rest.head_parameters,
      total: rest.total_parameters,
      published: published.map(({ where, params, withHead, note }) => ({ where, params, with_head: withHead, note })),
      parts,
      changes,
    }));
    writeJsonLines(out);
    return;
  }
  writeText(paramsTexts(cells, all, outputWidth()));
}
