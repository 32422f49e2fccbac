/** The second stage of a job: benchmarks, with the adapters of its finished runs. */

import { isDeepStrictEqual } from "node:util";
import { messageOf } from "../errors.js";
import { planModels, settingsOf } from "../evaluate/ask-plan.js";
import { evaluateAll } from "../evaluate/evaluate-all.js";
import type { BenchmarkResult, EvaluationEvent } from "../evaluate/report.js";
import { type Subject, storedSubject } from "../evaluate/subject.js";
import type { Executor, Slot } from "../executors/executor.js";
import type { PlannedCell } from "../plan/cell.js";
import type { Devices } from "../spec/devices.js";
import { benchmarksOf, type EvaluationRequest } from "../spec/evaluate-schema.js";
import { type EvaluationRow, evaluationsOf, getArtifacts, getRun } from "../store/read.js";
import type { Store } from "../store/store.js";
import type { Job } from "./job.js";
import type { EvaluationSummary } from "./reporter.js";
import type { JobSource } from "./source.js";

/** Milliseconds that a write may wait for another process, when no worker trains. */
const BUSY_TIMEOUT = 30_000;

/**
 * Throws UsageError before anything is trained if the evaluation could not be carried out: a folder that is not there, a
 * permission that is missing. One row of each benchmark shows that.
 */
export async function checkEvaluation(
  { evaluate }: JobSource,
  cells: readonly PlannedCell[],
  executor: Executor,
  options: { devices: Devices; signal: AbortSignal },
): Promise<void> {
  if (evaluate === null) return;
  const settings = cells.map((cell) => cell.settings);
  await planModels(executor, settings, { ...evaluate, rows: 1 }, options);
}

/** Evaluates the finished runs of a job, also those that were trained before. A failure leaves the run finished. */
export async function evaluateRuns({ job, slots }: { job: Job; slots: readonly Slot[] }): Promise<void> {
  const { evaluate, store, reporter, interrupts, executor, model } = job;
  if (evaluate === null || interrupts.urgency !== null) return;
  store.busyTimeout = BUSY_TIMEOUT;
  const { protocol } = evaluate;
  const found = new Map<string, EvaluationSummary[]>();
  const add = ({ run, label }: Pick<Subject, "run" | "label">, benchmark: string | null, result: BenchmarkResult) => {
    const id = run ?? "";
    found.set(id, [...(found.get(id) ?? []), { run: id, label, protocol, ...summaryOf(result), benchmark }]);
  };
  const subjects: Subject[] = [];
  const cannot = (subject: Pick<Subject, "run" | "label">, error: unknown) => {
    const message = messageOf(error);
    add(subject, null, { benchmark: "", state: "failed", row: null, message });
    reporter.message("error", `${subject.label} cannot be evaluated: ${message}`);
  };
  for (const { id, label } of job.cells.filter((cell) => model.state(cell.id) === "finished")) {
    try {
      subjects.push({ ...storedSubject(store, id), label });
    } catch (error) {
      const scored = scoredBefore(store, id, evaluate);
      if (scored === null) cannot({ run: id, label }, error);
      else for (const row of scored) add({ run: id, label }, row.benchmark, storedResult(row));
    }
  }
  await evaluateAll({
    ...{ subjects, request: evaluate, executor, store, places: slots },
    ...{ stop: interrupts.stop, kill: interrupts.kill, onProblem: cannot },
    onDevice: (reading) => model.devices.add(reading),
    tell: (event: EvaluationEvent) => {
      if (event.kind === "result") add(event.subject, event.result.benchmark, event.result);
      reporter.evaluation?.(event);
    },
  });
  for (const subject of subjects.filter(({ run }) => !found.has(run ?? ""))) {
    add(subject, null, { benchmark: "", state: "stopped", row: null, message: null });
  }
  job.evaluations = job.cells.flatMap(({ id }) => found.get(id) ?? []);
}

const storedResult = (row: EvaluationRow): BenchmarkResult => ({
  ...{ benchmark: row.benchmark, state: "stored", row, message: null },
});

/**
 * The stored scores of a run whose adapter was not kept, so that no worker can tell what it is: of that adapter, under
 * these settings. Null if one that is asked for is missing, or if the adapter should be there.
 */
function scoredBefore(store: Store, run: string, request: EvaluationRequest): EvaluationRow[] | null {
  const attempt = getRun(store, run)?.attempt_id ?? null;
  const adapter = attempt === null ? undefined : getArtifacts(store, attempt).find(({ kind }) => kind === "adapter");
  if (!adapter?.deleted_at) return null;
  const asked = JSON.parse(JSON.stringify(settingsOf(request)));
  const rows = evaluationsOf(store, run).filter(
    ({ state, adapter_hash, settings }) =>
      state === "finished" && adapter_hash === adapter.sha256 && isDeepStrictEqual(JSON.parse(settings), asked),
  );
  const found = benchmarksOf(request).map((name) => rows.find(({ benchmark }) => benchmark === name));
  return found.every((row) => row !== undefined) ? found : null;
}

function summaryOf({ state, message, row }: BenchmarkResult) {
  return {
    ...{ state, message },
    score: row?.score ?? null,
    standardError: row?.standard_error ?? null,
    rows: row?.rows ?? null,
    allRows: row?.all_rows ?? null,
    shots: row?.shots ?? null,
    decoding: row?.decoding ?? null,
    seconds: row?.seconds ?? null,
    notes: row?.notes ?? [],
  };
}
