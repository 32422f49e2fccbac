import { type Command, experimentsOrRuns } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { chosenFormat, DRAWN_FORMATS, type DrawnFormat, type OutputArgs, outputOptions } from "./output-format.js";
import { TAG_OPTION, WHERE_OPTION } from "./where-option.js";

interface Args extends OutputArgs<DrawnFormat> {
  runs: string[];
  metric?: string | undefined;
  where?: string[] | undefined;
  tag?: string[] | undefined;
  db?: string | undefined;
}

export default {
  command: "curves [runs..]",
  describe: "Draw a metric of many runs over the epochs: a line for each configuration, with a band over its seeds",
  complete: experimentsOrRuns,
  builder: (yargs) =>
    yargs
      .positional("runs", {
        type: "string",
        array: true,
        default: [] as string[],
        describe: "Runs, and names or numbers of experiments; default: all runs",
      })
      .option("metric", {
        type: "string",
        requiresArg: true,
        describe: "Default: the score. f1, loss, train/loss, holdout/accuracy, ...",
      })
      .option("where", WHERE_OPTION)
      .option("tag", TAG_OPTION)
      .option("db", DB_OPTION)
      .options(outputOptions(DRAWN_FORMATS))
      .example("$0 curves mrpc-methods", "The score of each method, best first")
      .example("$0 curves mrpc-methods --metric train/loss -o losses.svg", "Losses as a picture")
      .example("$0 curves --where 'task = mrpc and method.merges >= 1' -o curves.csv", "Means and bands as a table"),
  handler: async (args) => {
    const format = chosenFormat(args, DRAWN_FORMATS);
    const [{ drawSet }, { loadSeedCurves }] = await Promise.all([
      import("./draw-set.js"),
      import("../views/seeds/load.js"),
    ]);
    await drawSet({ ...args, format }, (store, { runs, said }) => {
      const data = loadSeedCurves(store, { of: said, runs, metric: args.metric });
      return {
        json: data,
        text: async (width) => (await import("../views/seeds/text.js")).seedsText(data, width),
        table: async () => (await import("../views/seeds/table.js")).seedsTable(data),
        svg: async () => (await import("../views/seeds/svg.js")).seedsSvg(data),
        vega: async () => (await import("../views/seeds/vega.js")).seedsVega(data),
      };
    });
  },
} satisfies Command<Args>;
