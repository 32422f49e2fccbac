import { isAbsolute } from "node:path";
import { methodTrains, shippedCatalog } from "../spec/catalog.js";
import type { Settings } from "../spec/cell.js";
import { adapterOf, getFingerprint, getSettings } from "../store/read.js";
import { finishedAttempt, withReader } from "../verify/stored-run.js";

export interface StoredAdapter {
  run: string;
  label: string;
  /** Absolute path of its folder. */
  folder: string;
  /** The run's fingerprint of its model, which names the commit of one from a hub. */
  fingerprint: string | null;
  /** The folder of its base model; null: the model has a name. */
  base: string | null;
  /** It gives one and the same answer for all evaluation rows. */
  collapsed: boolean;
  /** Folder of the database, in which exports are not written. */
  results: string;
}

/** Throws UsageError if there is no such run, or it has no adapter (any more). */
export function adapterToExport(dbPath: string, selector: string): StoredAdapter {
  return withReader(dbPath, (store) => {
    const hint = "only a finished run has an adapter to export: lor2c run SPEC trains what is left of its spec";
    const { run, attempt } = finishedAttempt(store, selector, hint);
    const folder = adapterOf(store, run.id, attempt.id, methodTrains(shippedCatalog(), run.method));
    const fingerprint = getFingerprint(store, run.id).model ?? null;
    const { name } = (getSettings(store, run.id) as unknown as Settings).model;
    const base = isAbsolute(name) ? name : null;
    const collapsed = run.collapsed === 1;
    return { run: run.id, label: run.label, folder, fingerprint, base, collapsed, results: store.folder };
  });
}
