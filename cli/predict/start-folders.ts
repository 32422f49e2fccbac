import { isAbsolute } from "node:path";
import { UsageError } from "../errors.js";
import type { Cell } from "../spec/cell.js";
import { adapterFolder } from "./adapter-folder.js";

/**
 * The cells with the folder of the stored adapter where `train.start_from` names a run. Throws UsageError if there is no
 * such run, or it has no adapter.
 */
export function withStartFolders(cells: readonly Cell[], dbPath: string): Cell[] {
  const folders = new Map<string, string>();
  const folderOf = (run: string): string => {
    const folder = folders.get(run) ?? started(() => adapterFolder(dbPath, run).folder);
    folders.set(run, folder);
    return folder;
  };
  return cells.map((cell) => {
    const { train } = cell.settings;
    if (train.start_from === null || isAbsolute(train.start_from)) return cell;
    return { ...cell, settings: { ...cell.settings, train: { ...train, start_from: folderOf(train.start_from) } } };
  });
}

/** Says which key asked for the run. */
function started<T>(find: () => T): T {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.code, `train.start_from: ${error.message}`, error.hint);
  }
}
