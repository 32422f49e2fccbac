import type { Store } from "../store/store.js";
import type { Command } from "./command.js";
import { DB_OPTION } from "./db-option.js";
import { chosenFormat, type OutputArgs, outputOptions } from "./output-format.js";

const FORMATS = ["text", "csv", "json", "parquet"] as const;
type Format = (typeof FORMATS)[number];

interface Args extends OutputArgs<Format> {
  sql: string;
  db?: string | undefined;
  csv?: boolean | undefined;
  vertical?: boolean | undefined;
}

export default {
  command: "query <sql>",
  describe: "Query the database with SQL, read-only (tables and views: docs/database.md)",
  builder: (yargs) =>
    yargs
      .positional("sql", { type: "string", demandOption: true, describe: "One SELECT" })
      .option("db", DB_OPTION)
      .options(outputOptions(FORMATS))
      // no default: yargs treats a default as given when it checks for conflicts
      .option("csv", { type: "boolean", describe: "The same as --format csv", conflicts: ["json", "format"] })
      .option("vertical", {
        type: "boolean",
        describe: "A block for each row, with nothing cut; a single row that is too wide is one anyway",
        conflicts: ["json", "csv", "format"],
      })
      .example('$0 query "SELECT method, best_score FROM v_best ORDER BY best_score DESC"', "The best of each method")
      .example('$0 query "SELECT * FROM v_runs" --vertical', "Every column, on a terminal")
      .example('$0 query "SELECT * FROM v_runs" -o runs.csv', "Everything, for a spreadsheet")
      .example('$0 query "SELECT * FROM metrics" -o metrics.parquet', "With types, for pandas, polars or DuckDB"),
  handler: async ({ sql, db, csv, vertical, ...asked }) => {
    const named = csv ? "csv" : vertical ? "text" : asked.format;
    const chosen = chosenFormat({ ...asked, format: named }, FORMATS);
    const format = vertical ? "vertical" : chosen;
    const { refuseBytes } = await import("./write-output.js");
    refuseBytes(format, asked.output);
    const { openStore, resolveDbPath } = await import("../store/store.js");
    const store = openStore(resolveDbPath(db), { readonly: true, anySchema: true });
    try {
      await print(store, sql, format, asked.output);
    } finally {
      store.close();
    }
  },
} satisfies Command<Args>;

async function print(store: Store, sql: string, format: Format | "vertical", file: string | undefined): Promise<void> {
  const [{ runQuery, runExactQuery }, { writeLinesOutput, writeOutput }] = await Promise.all([
    import("../store/query.js"),
    import("./write-output.js"),
  ]);
  if (format === "parquet") {
    const [{ typedColumns }, { parquetFile }] = await Promise.all([
      import("../export/typed-columns.js"),
      import("../export/parquet.js"),
    ]);
    return writeOutput(parquetFile(typedColumns(runExactQuery(store, sql))), file);
  }
  const [{ csvLines, jsonLines, queryBlocks, queryTable }, { outputWidth }] = await Promise.all([
    import("../views/query-table.js"),
    import("../views/terminal.js"),
  ]);
  const result = runQuery(store, sql);
  const terminal = file === undefined && (process.stdout.isTTY ?? false);
  const width = file === undefined ? outputWidth() : null;
  const lines = {
    text: () => queryTable(result, width),
    vertical: () => queryBlocks(result, width),
    json: () => jsonLines(result),
    csv: () => csvLines(result, terminal),
  }[format]();
  await writeLinesOutput(lines, file);
}
