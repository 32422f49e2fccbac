import { join } from "node:path";
import { RUN_LOG, WORKER_LOG } from "../attempt-files.js";
import type { PlannedCell } from "../plan/cell.js";
import { eachKindOnce } from "../plan/warnings.js";
import { DIVERGED } from "../protocol/divergence.js";
import { methodName } from "../spec/cell.js";
import {
  type AttemptRow,
  bundlesOf,
  getAttempt,
  getEpochScore,
  getNotes,
  getRun,
  type NextStart,
  nextStarts,
  runStates,
} from "../store/read.js";
import type { Store } from "../store/store.js";
import type { Job } from "./job.js";
import type { JobModel } from "./model.js";
import { repeatsOf } from "./repeats.js";
import type { CellError, CellSummary, JobSummary } from "./reporter.js";
import { FAILURES, type RunState } from "./run-state.js";

/** Summarises a job from the store, so that the user reads what a later query returns. */
export function summarize(job: Job, seconds: number): JobSummary {
  const { store, model, cells: planned, invalid, interrupts } = job;
  const attempts = planned.map((cell) => attemptOf(store, cell.id, model));
  const next = nextStarts(
    store,
    planned.map(({ id }) => id),
  );
  const cells = planned.map((cell, index) =>
    cellSummary(store, cell, attempts[index], model, next.get(cell.id) ?? null),
  );
  const failed =
    invalid.length > 0 ||
    cells.some((cell) => cell.state !== "finished") ||
    job.evaluations.some(({ score }) => score === null);
  return {
    name: job.name,
    experiment: job.experiment,
    dbPath: store.path,
    outcome: interrupts.urgency !== null ? "interrupted" : failed ? "failed" : "finished",
    again: job.force ? "--force" : job.fromScratch ? "--from-scratch" : null,
    cells,
    sameRows: haveSameRows(planned, cells),
    repeats: repeatsOf(planned, cells),
    invalid,
    evaluations: job.evaluations,
    alerts: job.alerts.all(),
    notes: [
      ...job.notes,
      ...runNotes(store, planned, attempts),
      ...savedNote(store, planned, model),
      ...heldBack(planned, model),
      ...removedNote(store, planned),
    ],
    seconds,
  };
}

/** As `v_best` groups them; a loss per token says something only beside that of the same model. */
function haveSameRows(planned: readonly PlannedCell[], cells: readonly CellSummary[]): boolean {
  const scored = planned.filter((_, index) => cells[index]?.bestScore !== null);
  const perToken = cells.some(({ scoreName }) => scoreName === "loss" || scoreName === "perplexity");
  const rows = scored.map(({ settings: { task, model }, inspected: { fingerprint, train_rows, eval_rows } }) =>
    JSON.stringify([task.name, fingerprint?.data, train_rows, eval_rows, perToken && model.name]),
  );
  return new Set(rows).size <= 1;
}

/** Why runs were not started, each reason once. */
function heldBack(cells: readonly PlannedCell[], model: JobModel): string[] {
  const reasons = new Map<string, number>();
  for (const { id } of cells) {
    const { state, reason } = model.runs.get(id) ?? {};
    if (state === "skipped" && reason) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return [...reasons].map(([reason, count]) => `${count === 1 ? "1 run" : `${count} runs`} not started: ${reason}`);
}

/** Counts runs that were removed from the database, whether trained or not. */
function removedNote(store: Store, cells: readonly PlannedCell[]): string[] {
  const known = runStates(
    store,
    cells.map(({ id }) => id),
  );
  const count = cells.filter(({ id }) => !known.has(id)).length;
  if (count === 0) return [];
  return [`${count === 1 ? "1 run was" : `${count} runs were`} removed from the database while this job ran`];
}

/** How much this process saved by training runs together. */
function savedNote(store: Store, cells: readonly PlannedCell[], model: JobModel): string[] {
  const own = cells.map((cell) => model.runs.get(cell.id)?.attempt).filter((attempt) => attempt !== undefined);
  const bundles = bundlesOf(store, own);
  const sum = (key: "lane_epochs" | "cell_epochs") => bundles.reduce((total, bundle) => total + bundle[key], 0);
  const [lanes, alone] = [sum("lane_epochs"), sum("cell_epochs")];
  if (lanes >= alone) return [];
  const round = (epochs: number) => Number(epochs.toFixed(1)).toLocaleString("en");
  const together = `runs that begin alike trained as one (${bundles.length === 1 ? "1 bundle" : `${bundles.length} bundles`})`;
  return [`${round(lanes)} epochs instead of ${round(alone)}: ${together}`];
}

/** The attempt to show: this process's own, else the run's current one. */
function attemptOf(store: Store, id: string, model: JobModel): AttemptRow | undefined {
  const attempt = model.runs.get(id)?.attempt ?? getRun(store, id)?.attempt_id ?? undefined;
  return attempt === undefined ? undefined : getAttempt(store, attempt);
}

/** The stored state of this process's attempt, or, if its events still wait, the state from its events. */
function stateOf(id: string, row: AttemptRow | undefined, model: JobModel): RunState {
  const attempt = model.runs.get(id)?.attempt;
  if (attempt === undefined) return model.state(id);
  // It was deleted before or after training; otherwise the job would have ended with an error.
  if (row === undefined) return "skipped";
  return row.outcome ?? model.state(id);
}

function cellSummary(
  store: Store,
  cell: PlannedCell,
  row: AttemptRow | undefined,
  model: JobModel,
  next: NextStart | null,
): CellSummary {
  const fixed = cell.settings.train.report_epoch;
  const state = stateOf(cell.id, row, model);
  // The results of an earlier attempt are not this job's.
  const own = row && (state === "finished" || model.runs.get(cell.id)?.attempt !== undefined) ? row : undefined;
  const error = FAILURES.has(state) && row ? cellError(row, model.runs.get(cell.id)?.stderr ?? []) : undefined;
  return {
    id: cell.id,
    label: cell.label,
    method: methodName(cell),
    state,
    scoreName: own?.score_name ?? null,
    bestScore: own?.best_score ?? null,
    bestEpoch: own?.best_epoch ?? null,
    lastScore: own?.last_score ?? null,
    reportEpoch: fixed,
    fixedScore: own && fixed !== null ? getEpochScore(store, own.id, fixed) : null,
    chosenOn: own?.chosen_on ?? null,
    collapsed: own?.collapsed === 1,
    collapsedTo: own?.collapsed_to ?? null,
    majorityScore: own?.majority_score ?? null,
    trainableParameters: own?.trainable_parameters ?? cell.inspected.trainable_parameters,
    headParameters: own?.head_parameters ?? cell.inspected.head_parameters,
    seconds: own?.total_seconds ?? null,
    tokensPerSecond: own?.tokens_per_second ?? null,
    next,
    ...(error && { error }),
  };
}

function cellError(row: AttemptRow, stderr: string[]): CellError {
  const memory = row.outcome === "out_of_memory";
  const stderrTail = row.error_type === DIVERGED ? [] : stderr; // the worker has nothing to say of it
  return {
    type: row.error_type ?? (memory ? "OutOfMemory" : "Lost"),
    message: row.message ?? "",
    stderrTail,
    logFile: join(row.folder, row.outcome === "lost" || stderrTail.length === 0 ? RUN_LOG : WORKER_LOG),
  };
}

function runNotes(store: Store, cells: readonly PlannedCell[], attempts: (AttemptRow | undefined)[]): string[] {
  const texts = cells.flatMap(({ inspected, label }, index) => {
    const attempt = attempts[index];
    const notes = new Set([...inspected.warnings, ...(attempt ? getNotes(store, attempt.id) : [])]);
    return [...notes].map((text) => ({ text, label }));
  });
  return eachKindOnce(texts, attempts.filter((attempt) => attempt !== undefined).length);
}
