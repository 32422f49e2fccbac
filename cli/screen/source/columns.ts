/** Columns that a user adds to the runs pane, in the language of `lor2c compare --columns`. */
import { Lor2cError } from "../../errors.js";
import { columnsFor, listRuns, readColumns } from "../../store/read.js";
import type { Store } from "../../store/store.js";
import type { AddedColumns, RunColumn } from "../data.js";

export function columnsOf(store: Store, text: string, runs: readonly string[]): AddedColumns {
  try {
    const rows = listRuns(store, { runs });
    const columns = columnsFor(store, rows, text);
    const values = readColumns(store, rows, columns);
    const made = columns.map(
      ({ heading, better }, at): RunColumn => ({
        ...{ heading, better },
        values: new Map(rows.map(({ id }, row) => [id, values[row]?.[at] ?? null])),
      }),
    );
    const empty = made.find((column) => [...column.values.values()].every((value) => value === null));
    return empty ? { problem: `no run here has ${empty.heading} yet` } : { columns: made };
  } catch (error) {
    if (!(error instanceof Lor2cError)) throw error;
    return { problem: [error.message.split("\n")[0], error.hint?.replaceAll("\n", " ")].filter(Boolean).join("; ") };
  }
}
