import prettyBytes from "pretty-bytes";
import { freeDisk } from "../files.js";
import type { Job } from "./job.js";
import type { Reporter } from "./reporter.js";

/** Milliseconds between two checks. */
const EVERY = 30_000;
/** Free bytes below which a job warns: room for some checkpoints and for the database. */
const LOW = 1024 ** 3;

export interface DiskOptions {
  /** Interval of the checks, and the free bytes below which it warns; others in tests. */
  every?: number;
  low?: number;
}

/** Warns once when little space is left where the results are, and again when that comes back after there was room. */
export function watchDisk(
  { store, alerts, model, reporter }: Pick<Job, "store" | "alerts" | "model"> & { reporter: Pick<Reporter, "message"> },
  { every = EVERY, low = LOW }: DiskOptions = {},
): () => void {
  let since: string | null = null;
  const look = () => {
    const free = freeDisk(store.results.path);
    if (free === null || free >= low) {
      since = null;
      return;
    }
    const message = `only ${prettyBytes(free, { binary: true })} are free in ${store.results.path}: runs fail when the disk is full`;
    if (since === null) reporter.message("warn", message);
    since ??= new Date().toISOString();
    // Runs that have begun meanwhile have it too; those that have it keep it.
    alerts.raise([...model.runs.keys()], { kind: "disk", level: "warn", message, cause: since });
  };
  const timer = setInterval(look, every);
  timer.unref();
  return () => clearInterval(timer);
}
