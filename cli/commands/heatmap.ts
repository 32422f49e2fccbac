import { UsageError } from "../errors.js";
import type { DataTable } from "../export/data-table.js";
import type { TableFormat } from "../export/table-file.js";
import type { Grid } from "../views/grid/grid.js";
import type { LoadedGrid } from "../views/grid/load.js";
import type { MapName } from "../views/grid/map.js";
import { type Command, experiments } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { chosenFormat, type OutputArgs, outputOptions } from "./output-format.js";
import { SCORE_OPTION, scoreChoice } from "./score-option.js";

const FORMATS = ["text", "svg", "png", "json", "csv", "parquet", "latex", "markdown", "vega-lite"] as const;
type Format = (typeof FORMATS)[number];
/** For programs: they have the numbers of every map. */
const WHOLE: ReadonlySet<Format> = new Set(["json", "csv", "parquet", "vega-lite"]);
const SHOWN = ["score", "params", "spread", "n"] as const satisfies readonly MapName[];
interface Args extends OutputArgs<Format> {
  experiment?: string | undefined;
  rows?: string | undefined;
  cols?: string | undefined;
  where: string[];
  score: string;
  metric?: string | undefined;
  show?: MapName | undefined;
  db?: string | undefined;
}

export default {
  command: "heatmap [experiment]",
  describe: "Show an experiment's scores over two axes: merges by injections, or others",
  complete: experiments,
  builder: (yargs) =>
    yargs
      .positional("experiment", {
        type: "string",
        describe: "Name or number of an experiment; default: the newest grid with scores, merges by injections first",
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
      .option("show", {
        choices: SHOWN,
        describe: "Instead of scores: trained parameters at the end, spread over seeds, or number of scores",
      })
      .options(outputOptions(FORMATS))
      .option("db", DB_OPTION)
      .example("$0 heatmap", "The newest grid, in the terminal")
      .example("$0 heatmap mrpc-grid --show params", "How many parameters each cell trains")
      .example("$0 heatmap mrpc-grid -o mrpc.png", "A picture for a paper; .svg as well, .tex for a table")
      .example("$0 heatmap mrpc-grid --metric f1 --where train.learning_rate=4e-4", "A slice of three axes"),
  handler: async (args) => {
    const { experiment, rows, cols, where, score, metric, show, output, db } = args;
    const which = scoreChoice(score);
    const format = chosenFormat(args, FORMATS);
    if (show !== undefined && WHOLE.has(format)) {
      throw new UsageError("SHOW_UNUSED", `${format} has scores, spread, number and parameters`, "leave --show out");
    }
    const { refuseBytes, writeColouredOutput, writeOutput, writePicture, writeTable } = await import(
      "./write-output.js"
    );
    refuseBytes(format, output);
    const [{ openReader }, { resolveDbPath }, { loadGrid }] = await Promise.all([
      import("../store/reader.js"),
      import("../store/store.js"),
      import("../views/grid/load.js"),
    ]);
    const store = openReader(resolveDbPath(db));
    let grid: Grid;
    let others: LoadedGrid["others"];
    try {
      ({ others, ...grid } = loadGrid(store, { experiment, rows, cols, metric, which, where }));
    } finally {
      store.close();
    }
    const toFile = output !== undefined;
    if (others.length > 0) await noteOthers(grid, others);
    switch (format) {
      case "svg":
      case "png":
        return writePicture((await import("../views/grid/svg.js")).gridSvg(grid, show), format, output);
      case "text":
        return writeColouredOutput(`${await text(grid, format, toFile, show)}\n`, output);
      case "json":
      case "vega-lite":
        return writeOutput(`${await text(grid, format, toFile)}\n`, output);
      default:
        return writeTable(await tableOf(grid, format, show), format, output);
    }
  },
} satisfies Command<Args>;

/** For people a grid, for programs a row for each cell. */
async function tableOf(grid: Grid, format: TableFormat, show: MapName | undefined): Promise<DataTable> {
  const { gridPivot, gridTable } = await import("../views/grid/table.js");
  return format === "latex" || format === "markdown" ? gridPivot(grid, show) : gridTable(grid);
}

/** So many other grids are named. */
const NAMED = 4;

/** Says on stderr which experiment was drawn, because nobody named it. */
async function noteOthers({ experiment }: Grid, others: readonly { id: number; name: string }[]): Promise<void> {
  const [{ writeNote }, { oneLine }] = await Promise.all([
    import("../views/output.js"),
    import("../views/parts/visible.js"),
  ]);
  const names = [...new Set(others.map(({ id, name }) => (name === experiment.name ? String(id) : oneLine(name))))];
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  const listed = `${names.slice(0, NAMED).join(", ")}${more}`;
  writeNote(`shown: ${oneLine(experiment.name)} (experiment ${experiment.id}); other grids: ${listed}`);
}

async function text(
  grid: Grid,
  format: "text" | "json" | "vega-lite",
  toFile: boolean,
  show?: MapName,
): Promise<string> {
  if (format !== "text") {
    const { jsonText } = await import("../views/parts/visible.js");
    if (format === "vega-lite") return jsonText((await import("../views/grid/vega.js")).gridVega(grid), 2);
    return jsonText((await import("../views/snake-case.js")).snakeCaseKeys(grid), 2);
  }
  const [{ gridText }, { colourDepth }] = await Promise.all([
    import("../views/grid/text.js"),
    import("../views/terminal.js"),
  ]);
  const width = process.stdout.isTTY && !toFile ? process.stdout.columns : null;
  return gridText(grid, { width, depth: toFile ? 1 : colourDepth(process.stdout), ...(show && { show }) });
}
