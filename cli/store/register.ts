import { createHash } from "node:crypto";
import { UsageError } from "../errors.js";
import type { PlannedCell } from "../plan/cell.js";
import type { PlaceInSweep } from "../spec/cell.js";
import { KEEPS_ALL, type Keep } from "../spec/keep-schema.js";
import type { LeftOut } from "../spec/left-out.js";
import type { Store } from "./store.js";

export interface ExperimentPlan {
  name: string;
  specFile: string | null;
  specText: string;
  /** The `--set` arguments of the command line. */
  sets?: readonly string[];
  cells: PlannedCell[];
  /** Combinations of the sweep that are not trained, and why. */
  leftOut?: readonly LeftOut[];
  /** What is evaluated after training. */
  evaluate?: object | null;
  /** Which files stay. Default: all that can be kept. */
  keep?: Keep;
}

/**
 * Writes the experiment, its cells and their runs, and returns the experiment's id.
 * The same plan gives the same experiment, so that running a spec twice resumes it.
 */
export function registerExperiment(store: Store, plan: ExperimentPlan): number {
  const now = new Date().toISOString();
  const ids = plan.cells.map((cell) => cell.id);
  const also = plan.cells.flatMap((cell) => cell.also.map(({ axes }) => [cell.id, axes]));
  const identity = createHash("sha256")
    .update(JSON.stringify([plan.name, plan.specText, ids, ...(also.length > 0 ? [also] : [])]))
    .digest("hex");
  const sets = JSON.stringify(plan.sets ?? []);
  const evaluate = plan.evaluate ? JSON.stringify(plan.evaluate) : null;
  const keep = plan.keep ?? KEEPS_ALL;
  return store.write(() => {
    for (const cell of plan.cells) upsertRun(store, cell, now);
    const known = store.prepare("SELECT id FROM experiments WHERE identity = ?").pluck().get(identity);
    if (known !== undefined) {
      store
        .prepare(
          `UPDATE experiments SET last_run_at = ?, spec_file = ?, sets = ?, evaluate = ?, keep_adapters = ?,
                                  keep_checkpoints = ?
           WHERE id = ?`,
        )
        .run(now, plan.specFile, sets, evaluate, keep.adapters, keep.checkpoints, known);
      insertPlaces(store, known as number, plan.cells); // those of runs that were removed meanwhile
      insertLeftOut(store, known as number, plan.leftOut ?? []);
      return known as number;
    }
    const { lastInsertRowid } = store
      .prepare(
        `INSERT INTO experiments (identity, name, spec_file, spec_text, sets, evaluate, keep_adapters, keep_checkpoints,
                                  created_at, last_run_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        ...[identity, plan.name, plan.specFile, plan.specText, sets, evaluate],
        keep.adapters,
        keep.checkpoints,
        now,
        now,
      );
    insertPlaces(store, Number(lastInsertRowid), plan.cells);
    insertLeftOut(store, Number(lastInsertRowid), plan.leftOut ?? []);
    return Number(lastInsertRowid);
  });
}

/** Notes that the experiment is run again as it is stored. Throws UsageError when it was removed. */
export function resumeExperiment(store: Store, id: number): number {
  const resume = store.prepare("UPDATE experiments SET last_run_at = ? WHERE id = ?");
  if (store.write(() => resume.run(new Date().toISOString(), id)).changes === 1) return id;
  throw new UsageError("EXPERIMENT_MISSING", `experiment ${id} was removed`, "lor2c run SPEC trains it anew");
}

/** Replaces the list each time, because different excludes can leave the same runs. */
function insertLeftOut(store: Store, experiment: number, leftOut: readonly LeftOut[]): void {
  store.prepare("DELETE FROM left_out_cells WHERE experiment = ?").run(experiment);
  const insert = store.prepare(
    "INSERT INTO left_out_cells (experiment, position, axis, value, reason) VALUES (?, ?, ?, ?, ?)",
  );
  leftOut.forEach(({ axes, reason }, position) => {
    for (const [axis, value] of Object.entries(axes)) insert.run(experiment, position, axis, sqlValue(value), reason);
  });
}

/** Every combination with its run, in the order of the spec. Several combinations can share a run. */
function placesOf(cells: readonly PlannedCell[]): [run: string, PlaceInSweep][] {
  const others = new Map(
    cells.flatMap((cell) => cell.also.map((place) => [place.position, [cell.id, place]] as const)),
  );
  const places: [string, PlaceInSweep][] = [];
  const addOthers = () => {
    for (let next = others.get(places.length); next; next = others.get(places.length)) places.push([...next]);
  };
  for (const cell of cells) {
    addOthers();
    places.push([cell.id, cell]);
  }
  addOthers();
  return places;
}

function insertPlaces(store: Store, experiment: number, cells: readonly PlannedCell[]): void {
  const there = new Set(
    store.prepare("SELECT position FROM experiment_cells WHERE experiment = ?").pluck().all(experiment),
  );
  placesOf(cells).forEach(([run, place], position) => {
    if (!there.has(position)) insertPlace(store, experiment, position, run, place);
  });
}

function insertPlace(store: Store, experiment: number, position: number, run: string, place: PlaceInSweep): void {
  store
    .prepare("INSERT INTO experiment_cells (experiment, position, run, label) VALUES (?, ?, ?, ?)")
    .run(experiment, position, run, place.label);
  const axis = store.prepare("INSERT INTO cell_axes (experiment, position, axis, value) VALUES (?, ?, ?, ?)");
  for (const [key, value] of Object.entries(place.axes)) axis.run(experiment, position, key, sqlValue(value));
}

/**
 * Numbers and text stay, anything else becomes JSON text. The driver binds 3 as 3.0, so whole numbers become BigInt.
 */
function sqlValue(value: unknown): number | bigint | string | null {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value === "string") return value;
  return value === null || value === undefined ? null : JSON.stringify(value);
}

/** Until a run is finished, the newest plan sets what is not part of the id (label, logging). */
function upsertRun(store: Store, { id, label, settings, inspected }: PlannedCell, now: string): void {
  const { model, task, data, method, train, seed } = settings;
  store
    .prepare(
      `INSERT INTO runs (id, label, model, model_revision, task, method, seed, split_seed, num_train_epochs, max_steps,
         batch_size, gradient_accumulation_steps, learning_rate, head_learning_rate, warmup_ratio, weight_decay,
         max_length, precision, trainable_parameters, head_parameters, total_parameters, train_rows, eval_rows,
         total_steps, report_epoch, settings, created_at)
       VALUES (@id, @label, @model, @model_revision, @task, @method, @seed, @split_seed, @num_train_epochs, @max_steps,
         @batch_size, @gradient_accumulation_steps, @learning_rate, @head_learning_rate, @warmup_ratio, @weight_decay,
         @max_length, @precision, @trainable_parameters, @head_parameters, @total_parameters, @train_rows, @eval_rows,
         @total_steps, @report_epoch, @settings, @now)
       ON CONFLICT (id) DO UPDATE SET label = excluded.label, settings = excluded.settings
       WHERE NOT EXISTS (SELECT 1 FROM attempts WHERE run = excluded.id AND outcome = 'finished')`,
    )
    .run({
      id,
      label,
      model: model.name,
      model_revision: model.revision,
      task: task.name,
      method: method.name,
      seed,
      split_seed: data.split_seed,
      num_train_epochs: train.num_train_epochs,
      max_steps: train.max_steps,
      batch_size: train.batch_size,
      gradient_accumulation_steps: train.gradient_accumulation_steps,
      learning_rate: train.learning_rate,
      head_learning_rate: train.head_learning_rate,
      warmup_ratio: (train.warmup_steps ?? null) === null ? train.warmup_ratio : null,
      weight_decay: train.weight_decay,
      max_length: train.max_length,
      precision: inspected.fingerprint?.precision ?? train.precision,
      trainable_parameters: inspected.trainable_parameters,
      head_parameters: inspected.head_parameters,
      total_parameters: inspected.total_parameters,
      train_rows: inspected.train_rows,
      eval_rows: inspected.eval_rows,
      total_steps: inspected.total_steps,
      report_epoch: train.report_epoch ?? null,
      settings: JSON.stringify(settings),
      now,
    });
  // A finished run has the scores of all its epochs. The newest plan says which one a table shows.
  store.prepare("UPDATE runs SET report_epoch = ? WHERE id = ?").run(train.report_epoch ?? null, id);
  const print = store.prepare("INSERT OR IGNORE INTO run_fingerprints (run, name, value) VALUES (?, ?, ?)");
  for (const [name, value] of Object.entries(inspected.fingerprint ?? {})) print.run(id, name, value);
}
