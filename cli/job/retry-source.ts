import { UsageError } from "../errors.js";
import { numericsOf } from "../plan/numerics.js";
import type { ResolvedPlan } from "../plan/resolve-plan.js";
import type { Cell, Settings } from "../spec/cell.js";
import { evaluationRequest } from "../spec/evaluate-schema.js";
import { getSettings, type RetryRow, retryRuns } from "../store/read.js";
import { openReader } from "../store/reader.js";
import type { Store } from "../store/store.js";
import { resumeExperiment } from "../store/write.js";
import type { JobSource } from "./source.js";

export interface RetryRequest {
  dbPath: string;
  /** Experiments or runs; without any, the newest experiment that has runs to retry. */
  what: readonly string[];
  fromScratch: boolean;
}

/**
 * The runs that failed or were lost, as stored, without a spec file. Throws UsageError if there are none, or if they
 * belong to several experiments.
 */
export function retrySource({ dbPath, what, fromScratch }: RetryRequest): JobSource {
  const store = openReader(dbPath);
  try {
    const { experiment, runs } = retryRuns(store, what);
    const cells = runs.map((run) => cellOf(store, run));
    return {
      name: experiment.name,
      cells,
      // Precision depends on the kind of device, and with it a run's id.
      devices: runs.every(({ device }) => device === "cpu") ? "cpu" : "auto",
      jobs: "auto",
      maxFailures: Number.POSITIVE_INFINITY,
      notes: [],
      fromScratch,
      evaluate: experiment.evaluate === null ? null : evaluationRequest(JSON.parse(experiment.evaluate)),
      keep: { adapters: experiment.keep_adapters, checkpoints: experiment.keep_checkpoints },
      register: (writer, plan) => {
        refuseOthers(runs, plan);
        return resumeExperiment(writer, experiment.id);
      },
    };
  } finally {
    store.close();
  }
}

function cellOf(store: Store, { run, label }: RetryRow): Cell {
  return { settings: getSettings(store, run) as unknown as Settings, label, axes: {} };
}

/** Throws if rows, weights or numerics have changed, which would make other runs. */
function refuseOthers(runs: readonly RetryRow[], { cells }: ResolvedPlan): void {
  const known = new Set(runs.map(({ run }) => run));
  const others = cells.filter(({ id }) => !known.has(id)).map(({ label }) => label);
  if (others.length === 0) return;
  const now = numericsOf(cells[0]?.inspected.fingerprint ?? {});
  const old = new Set(runs.map(({ numerics }) => numerics).filter((numerics) => numerics !== now));
  if (old.size > 0) {
    throw new UsageError(
      "RUN_CHANGED",
      `they were planned with numerics ${[...old].join(" and ")}, and this lor2c has ${now}: equal settings give other numbers`,
      "lor2c run SPEC trains them as new runs",
    );
  }
  const names = `${others.slice(0, 3).join(", ")}${others.length > 3 ? ` and ${others.length - 3} more` : ""}`;
  throw new UsageError(
    "RUN_CHANGED",
    `what they were trained from (rows, weights, packages or device) has changed: ${names}`,
    "lor2c run SPEC trains them as new runs; --devices chooses the device",
  );
}
