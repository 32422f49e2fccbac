import type { Command } from "./command.js";
import { DB_OPTION } from "./db-option.js";

interface Args {
  sql: string;
  db?: string | undefined;
  json?: boolean | undefined;
  csv?: boolean | undefined;
}

export default {
  command: "query <sql>",
  describe: "Query the database with SQL, read-only (tables and views: docs/database.md)",
  builder: (yargs) =>
    yargs
      .positional("sql", { type: "string", demandOption: true, describe: "One SELECT" })
      .option("db", DB_OPTION)
      // no defaults: yargs treats a default as given when it checks for conflicts
      .option("json", { type: "boolean", describe: "Print an array of objects" })
      .option("csv", { type: "boolean", describe: "Print CSV with a header", conflicts: "json" })
      .example('$0 query "SELECT method, best_score FROM v_best ORDER BY best_score DESC"', "The best of each method")
      .example('$0 query "SELECT * FROM v_runs" --csv > runs.csv', "Everything, for a spreadsheet"),
  handler: async ({ sql, db, json, csv }) => {
    const [{ openStore, resolveDbPath }, { runQuery }, { csvLines, jsonLines, tableLines }, { writeLines }] =
      await Promise.all([
        import("../store/store.js"),
        import("../store/query.js"),
        import("../views/query-table.js"),
        import("../views/write-stream.js"),
      ]);
    const store = openStore(resolveDbPath(db), { readonly: true, anySchema: true });
    try {
      const result = runQuery(store, sql);
      await writeLines(
        json ? jsonLines(result) : csv ? csvLines(result, process.stdout.isTTY ?? false) : tableLines(result),
      );
    } finally {
      store.close();
    }
  },
} satisfies Command<Args>;
