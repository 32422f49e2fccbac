import { UsageError } from "../errors.js";
import type { DataTable } from "../export/data-table.js";
import type { TableFormat } from "../export/table-file.js";
import { chooseSet, type RunRow } from "../store/read.js";
import { allMetrics } from "../store/read-curves.js";
import { openReader } from "../store/reader.js";
import { resolveDbPath, type Store } from "../store/store.js";
import { loadCompare } from "../views/compare/load.js";
import { compareForPeople, compareTable } from "../views/compare/tables.js";
import { VIEWS } from "../views/index.js";
import { dataColumn } from "../views/parts/data-column.js";
import { jsonText } from "../views/parts/visible.js";
import { runsData } from "../views/runs-data.js";
import { refuseBytes, writeOutput, writeTable } from "./write-output.js";

export interface ExportRequest {
  /** Runs, and names or numbers of experiments; without any, all runs. */
  words: readonly string[];
  where?: readonly string[] | undefined;
  tag?: readonly string[] | undefined;
  /** `runs`, `rows`, `metrics` or the name of a view. */
  what: string;
  columns?: string | undefined;
  db?: string | undefined;
  format: TableFormat | "vega-lite";
  output?: string | undefined;
}

interface Exported {
  table?: DataTable | undefined;
  vega?: (() => Promise<object>) | undefined;
}

export async function exportRuns(request: ExportRequest): Promise<void> {
  const { words, where, tag, what, columns, db, format, output } = request;
  refuseBytes(format, output);
  if (columns !== undefined && what !== "rows" && what !== "runs") {
    throw new UsageError("USAGE", `--columns does not go with --what ${what}`, "it goes with --what runs and rows");
  }
  const load = await loaderOf(what, columns, format);
  const store = openReader(resolveDbPath(db));
  let found: Exported;
  try {
    const { runs, said } = chooseSet(store, { words, where, tag });
    found = load(store, runs, said);
  } finally {
    store.close();
  }
  if (format === "vega-lite") {
    if (!found.vega) throw new UsageError("NO_PICTURE", `${what} is no picture`, "curves, timeline and confusion are");
    return writeOutput(`${jsonText(await found.vega(), 2)}\n`, output);
  }
  if (!found.table) throw new UsageError("NO_TABLE", `the view ${what} is no table`, "lor2c show has it as --json");
  return writeTable(found.table, format, output);
}

/** Beside the label, which has the settings that differ: a page is not wide. */
const OF_A_PAPER = "score, best_epoch as best epoch, params as parameters";

type Load = (store: Store, runs: readonly RunRow[], said: string) => Exported;

async function loaderOf(what: string, columns: string | undefined, format: ExportRequest["format"]): Promise<Load> {
  const people = format === "latex" || format === "markdown";
  if (what === "runs" && !people && columns === undefined) return (store, runs) => ({ table: runsData(store, runs) });
  if (what === "runs" || what === "rows") {
    const each = what === "runs";
    const chosen = columns ?? (each ? OF_A_PAPER : undefined);
    const table = people ? compareForPeople : compareTable;
    return (store, runs, of) => ({ table: table(loadCompare(store, { of, runs, columns: chosen, each })) });
  }
  if (what === "metrics") return (store, runs) => ({ table: metricsTable(store, runs) });
  const view = await VIEWS.find(({ name }) => name === what)?.open();
  return (store, runs) => {
    const shown = view?.load(store, runs, { limit: null }) ?? [];
    return { table: view?.table?.(shown), vega: view?.vega && (() => view.vega?.(shown) as Promise<object>) };
  };
}

function metricsTable(store: Store, runs: readonly RunRow[]): DataTable {
  const attempts = runs.flatMap(({ attempt_id }) => attempt_id ?? []);
  return {
    columns: [
      ...["run", "label", "split", "name"].map((key) => dataColumn(key, "text")),
      ...[dataColumn("step", "integer"), dataColumn("epoch", "real"), dataColumn("value", "real")],
    ],
    rows: allMetrics(store, attempts),
  };
}
