import canonicalize from "canonicalize";
import type { PlannedCell } from "../plan/cell.js";
import { withoutNumbers } from "../plan/warnings.js";
import { DIVERGED } from "../protocol/divergence.js";
import { type Catalog, shippedCatalog } from "../spec/catalog.js";
import type { JobModel } from "./model.js";

/**
 * After so many workers in a row that fail alike before their first step, the other runs of the kind are not started.
 */
const ENOUGH = 3;

/** Settings without effect before the first step, besides the seed and the method's schedule and numbers. */
const NOT_YET = [
  "learning_rate",
  "head_learning_rate",
  "weight_decay",
  "warmup_ratio",
  "warmup_steps",
  "logging_steps",
  "report_epoch",
  "stop_after_nonfinite",
  "early_stopping_patience",
  "gradient_checkpointing",
  "checkpoint_minutes",
  "max_lanes",
];

interface Kind {
  /** How many workers failed alike. */
  workers: number;
  error: string;
  /** Whether a run of the kind came further, so that failure is not certain. */
  trained: boolean;
}

/**
 * Notices runs whose failure is certain: runs of one kind (equal but for seed, schedule, numbers and what acts only in training)
 * failed alike in several workers before a first step, and none of the kind came further.
 */
export class FailuresAlike {
  readonly #kinds = new Map<string, Kind>();

  constructor(private readonly catalog: Catalog = shippedCatalog()) {}

  /** Records the end of the worker of these runs, which are of one kind. */
  ended(cells: readonly PlannedCell[], { runs }: Pick<JobModel, "runs">): void {
    const kind = this.#kindOf(cells);
    const statuses = cells.flatMap(({ id }) => runs.get(id) ?? []);
    // A run diverges only in training, and by what acts there: the learning rate, or the seed.
    if (statuses.some(({ lane, errorType }) => errorType === DIVERGED || (lane?.facts.step ?? 0) > 0)) {
      kind.trained = true;
    }
    const errors = new Set(statuses.map(({ state, reason }) => (state === "failed" ? firstLine(reason) : "")));
    const [error = ""] = errors;
    const before = kind.workers > 0 && withoutNumbers(kind.error) === withoutNumbers(error) ? kind.workers : 0;
    const alike = new Set([...errors].map(withoutNumbers)).size === 1 && error !== "";
    Object.assign(kind, { workers: alike ? before + 1 : 0, error });
  }

  /** Why these runs need not be started; null if they may succeed. */
  reason(cells: readonly PlannedCell[]): string | null {
    const { workers, error, trained } = this.#kindOf(cells);
    if (trained || workers < ENOUGH) return null;
    return `${workers} workers in a row failed on such runs before their first step: ${error}`;
  }

  #kindOf([cell]: readonly PlannedCell[]): Kind {
    const key = cell ? this.#keyOf(cell) : "";
    const known = this.#kinds.get(key) ?? { workers: 0, error: "", trained: false };
    this.#kinds.set(key, known);
    return known;
  }

  #keyOf({ settings, inspected }: PlannedCell): string {
    const { seed: _, method, train, ...shared } = settings;
    const later = this.catalog.methods
      .find(({ name }) => name === method.name)
      ?.parameters.filter((parameter) => parameter.schedule || parameter.number)
      .map(({ name }) => name);
    const keep = (values: object, without: readonly string[]) =>
      Object.fromEntries(Object.entries(values).filter(([name]) => !without.includes(name)));
    const content = { ...shared, method: keep(method, later ?? []), train: keep(train, NOT_YET) };
    return canonicalize([content, inspected.fingerprint]) ?? "";
  }
}

const firstLine = (text = ""): string => text.split("\n")[0] ?? "";
