import type { ColumnType, DataColumn } from "../../export/data-table.js";

/** A column that people and programs call the same. */
export const dataColumn = (key: string, type: ColumnType, decimals?: number): DataColumn => ({
  key,
  title: key.replaceAll("_", " "),
  type,
  ...(decimals === undefined ? {} : { decimals }),
});

/** The columns that say which run a row is of. */
export const RUN_COLUMNS: readonly DataColumn[] = [dataColumn("run", "text"), dataColumn("label", "text")];

/** Ids of the runs that a row is made of, separated by blanks. */
export const RUNS_COLUMN: DataColumn = { ...dataColumn("runs", "text"), forPrograms: true };

/** Names for programs are unique: the second `task` is `task_2`. */
export function distinctKeys(columns: readonly DataColumn[]): DataColumn[] {
  const taken = new Set<string>();
  return columns.map((column) => {
    let key = column.key;
    for (let at = 2; taken.has(key); at++) key = `${column.key}_${at}`;
    taken.add(key);
    return { ...column, key };
  });
}
