import { type Command, experimentsOrRuns } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { chosenFormat, DRAWN_FORMATS, type DrawnFormat, type OutputArgs, outputOptions } from "./output-format.js";
import { TAG_OPTION, WHERE_OPTION } from "./where-option.js";

interface Args extends OutputArgs<DrawnFormat> {
  runs: string[];
  x: string;
  y: string;
  where?: string[] | undefined;
  tag?: string[] | undefined;
  db?: string | undefined;
}

export default {
  command: "pareto [runs..]",
  describe: "Show which runs no other run beats in both of two measures, such as size and score",
  complete: experimentsOrRuns,
  builder: (yargs) =>
    yargs
      .positional("runs", {
        type: "string",
        array: true,
        default: [] as string[],
        describe: "Runs, and names or numbers of experiments; default: all runs",
      })
      .option("x", {
        type: "string",
        default: "params",
        requiresArg: true,
        describe: "A column as in compare --columns",
      })
      .option("y", { type: "string", default: "score", requiresArg: true, describe: "Another one" })
      .option("where", WHERE_OPTION)
      .option("tag", TAG_OPTION)
      .option("db", DB_OPTION)
      .options(outputOptions(DRAWN_FORMATS))
      .example("$0 pareto mrpc-methods", "Score by trainable parameters, seeds folded")
      .example("$0 pareto mrpc-methods --x seconds --y f1 -o front.svg", "Another pair of measures, as a picture")
      .example("$0 pareto --where 'task = mrpc' --x peak_memory", "All runs of a task"),
  handler: async (args) => {
    const format = chosenFormat(args, DRAWN_FORMATS);
    const [{ drawSet }, { loadPareto }] = await Promise.all([
      import("./draw-set.js"),
      import("../views/pareto/load.js"),
    ]);
    await drawSet({ ...args, format }, (store, { runs, said }) => {
      const data = loadPareto(store, { of: said, runs, x: args.x, y: args.y });
      return {
        json: data,
        text: async (width) => (await import("../views/pareto/text.js")).paretoText(data, width),
        table: async () => (await import("../views/pareto/table.js")).paretoTable(data),
        svg: async () => (await import("../views/pareto/svg.js")).paretoSvg(data),
        vega: async () => (await import("../views/pareto/vega.js")).paretoVega(data),
      };
    });
  },
} satisfies Command<Args>;
