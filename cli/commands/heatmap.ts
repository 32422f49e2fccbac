import type { CommandModule } from "yargs";
import { UsageError } from "../errors.js";
import type { Grid } from "../views/grid/grid.js";
import { DB_OPTION } from "./db-option.js";
import { formatOfEnding } from "./output-format.js";
import { SCORE_OPTION, scoreChoice } from "./score-option.js";

const FORMATS = ["text", "svg", "png", "json"] as const;
type Format = (typeof FORMATS)[number];
/** What the name of the file says. */
const ENDINGS: Record<string, Format> = { ".txt": "text", ".svg": "svg", ".png": "png", ".json": "json" };

interface Args {
  experiment?: string | undefined;
  rows?: string | undefined;
  cols?: string | undefined;
  where: string[];
  score: string;
  metric?: string | undefined;
  format?: Format | undefined;
  json?: boolean | undefined;
  output?: string | undefined;
  db?: string | undefined;
}

export default {
  command: "heatmap [experiment]",
  describe: "Show an experiment's scores over two axes: merges by injections, or others",
  builder: (yargs) =>
    yargs
      .positional("experiment", {
        type: "string",
        describe: "Name or number of an experiment; default: the newest that has such a grid",
      })
      .option("rows", { type: "string", describe: "Key of the rows (default: method.merges)" })
      .option("cols", { type: "string", describe: "Key of the columns (default: method.injections)" })
      .option("where", {
        type: "string",
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: "Only runs with key=value; needed where a third axis varies",
      })
      .option("score", SCORE_OPTION)
      .option("metric", { type: "string", describe: "Another metric of the evaluation, e.g. f1 or loss" })
      .option("format", { choices: FORMATS, describe: "Default: what the name of -o ends in, else text" })
      .option("json", { type: "boolean", describe: "The same as --format json", conflicts: "format" })
      .option("output", { alias: "o", type: "string", describe: "File to write" })
      .option("db", DB_OPTION)
      .example("$0 heatmap", "The newest grid, in the terminal")
      .example("$0 heatmap mrpc-grid -o mrpc.png", "A picture for a paper; .svg as well")
      .example("$0 heatmap mrpc-grid --metric f1 --where train.learning_rate=4e-4", "A slice of three axes"),
  handler: async ({ experiment, rows, cols, where, score, metric, format, json, output, db }) => {
    const which = scoreChoice(score);
    const chosen = json ? "json" : (format ?? formatOfEnding(output, ENDINGS));
    if (chosen === "png" && output === undefined && process.stdout.isTTY) {
      throw new UsageError("USAGE", "a PNG does not belong on a terminal", "name a file: -o heatmap.png");
    }
    const [{ openReader }, { resolveDbPath }, { loadGrid }, { writeOutput }] = await Promise.all([
      import("../store/reader.js"),
      import("../store/store.js"),
      import("../views/grid/load.js"),
      import("./write-output.js"),
    ]);
    const store = openReader(resolveDbPath(db));
    let grid: Grid;
    try {
      grid = loadGrid(store, { experiment, rows, cols, metric, which, where });
    } finally {
      store.close();
    }
    const content = await render(grid, chosen, output !== undefined);
    writeOutput(content, output);
  },
} satisfies CommandModule<object, Args>;

async function render(grid: Grid, format: Format, toFile: boolean): Promise<string | Buffer> {
  if (format === "json") {
    const { snakeCaseKeys } = await import("../views/snake-case.js");
    return `${JSON.stringify(snakeCaseKeys(grid), null, 2)}\n`;
  }
  if (format === "text") {
    const [{ gridText }, { colourDepth }] = await Promise.all([
      import("../views/grid/text.js"),
      import("../views/grid/colour.js"),
    ]);
    const width = process.stdout.isTTY && !toFile ? process.stdout.columns : null;
    return `${gridText(grid, { width, depth: toFile ? 1 : colourDepth(process.stdout) })}\n`;
  }
  const svg = (await import("../views/grid/svg.js")).gridSvg(grid);
  return format === "svg" ? svg : (await import("../views/grid/png.js")).svgToPng(svg);
}
