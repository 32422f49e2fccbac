/** Trains the runs of a spec and compares them with a reference. */
import { join } from "node:path";
import { Lor2cError } from "../errors.js";
import type { ExecutorOptions } from "../executors/executor.js";
import { discard } from "../files.js";
import { Interrupts } from "../job/interrupt.js";
import type { JobSummary, Reporter } from "../job/reporter.js";
import { runExperiment } from "../job/run.js";
import type { JobSource } from "../job/source.js";
import type { Devices } from "../spec/devices.js";
import { getRun } from "../store/read.js";
import { openReader } from "../store/reader.js";
import type { Store } from "../store/store.js";
import { makeTemporaryFolder } from "../temporary.js";
import { type Basis, basisOf, type Place } from "./basis.js";
import { classToCompare } from "./belongs.js";
import { compareRecorded, type Parting } from "./compare-recorded.js";
import { nothingToCompare } from "./nothing-to-compare.js";
import { placeOfPlan } from "./place.js";
import { recordRun } from "./record.js";
import { hasNumbers, type Reference, type ReferenceClass, readReference } from "./reference.js";

export interface AgainstOptions {
  /** Of the spec. */
  source: JobSource;
  /** Path of the reference. */
  file: string;
  tolerance?: number | undefined;
  devices?: Devices | undefined;
  jobs?: number | "auto" | undefined;
  reporter: Reporter;
  worker?: ExecutorOptions;
  interrupts?: Interrupts;
}

export interface VerifiedRun {
  run: string;
  label: string;
  same: boolean;
  /** Why it is neither the same nor different; null: it was compared. */
  cannotCompare: string | null;
  /** Why it has no numbers to compare; null: it was trained. */
  failed: string | null;
  /** The last lines of its worker's log, if it failed. */
  log: string[];
  basis: Basis;
  compared: number;
  /** The first one is where the trainings part. */
  partings: Parting[];
}

export interface AgainstResult {
  reference: string;
  /** The class of the reference that the runs are compared with. */
  deviceClass: string;
  /** Of all runs of the spec. */
  same: boolean;
  runs: VerifiedRun[];
  notes: string[];
}

/**
 * Trains the runs in a temporary database, as `lor2c run` does, with bundles and lanes. Throws UsageError when none
 * of them can be compared, before anything is trained, and a Lor2cError with exit code 130 when it is interrupted.
 */
export async function verifyAgainst(options: AgainstOptions): Promise<AgainstResult> {
  const reference = readReference(options.file);
  const interrupts = options.interrupts ?? new Interrupts();
  const folder = makeTemporaryFolder("lor2c-verify-");
  try {
    const dbPath = join(folder, "lor2c.db");
    let chosen: string | undefined;
    const source: JobSource = {
      ...options.source,
      evaluate: null, // benchmarks are no part of a reference
      keep: { adapters: "all", checkpoints: "none" }, // weights are compared, and the folder is temporary
      register: (store, plan) => {
        chosen = classToCompare(reference, placeOfPlan(plan).deviceClass, plan.cells);
        refuseEmpty(reference.classes[chosen]?.runs ?? {});
        return options.source.register(store, plan);
      },
    };
    const { devices, jobs, reporter, worker = {} } = options;
    const summary = await runExperiment({ source, dbPath, devices, jobs, reporter, worker, interrupts });
    interrupts.stop.throwIfAborted();
    if (chosen === undefined) throw new Error("a job that registered no experiment");
    return resultOf(summary, { reference, chosen, options });
  } finally {
    discard(folder);
    if (!options.interrupts) interrupts.dispose();
  }
}

/** Before anything is trained. */
function refuseEmpty(runs: ReferenceClass["runs"]): void {
  const [first, ...others] = Object.entries(runs);
  if (!first || [first, ...others].some(([, run]) => hasNumbers(run))) return;
  throw nothingToCompare(first[0], first[1].label, others.length > 0 ? `${NO_NUMBERS}, nor of another` : NO_NUMBERS);
}

const NO_NUMBERS = "the reference has no numbers of it";

interface Against {
  reference: Reference;
  chosen: string;
  options: AgainstOptions;
}

function resultOf(summary: JobSummary, { reference, chosen, options }: Against): AgainstResult {
  const found = reference.classes[chosen];
  if (!found) throw new Error(`the reference has no class ${chosen}`);
  const store = openReader(summary.dbPath);
  try {
    const notes = new Set<string>();
    const runs = summary.cells.map((cell): VerifiedRun => {
      const outcome = { ...cell, failed: failureOf(cell), log: cell.error?.stderrTail ?? [] };
      const verified = verifyRunAgainst(store, outcome, found, { chosen, tolerance: options.tolerance });
      for (const note of verified.notes) notes.add(note);
      return verified.run;
    });
    const reasons = summary.invalid.map(({ reason }) => `left out, cannot run: ${reason}`);
    const same = summary.invalid.length === 0 && runs.every((run) => run.same);
    return { reference: options.file, deviceClass: chosen, same, runs, notes: [...notes, ...reasons] };
  } finally {
    store.close();
  }
}

const failureOf = ({ state, error }: JobSummary["cells"][number]): string | null =>
  state === "finished" ? null : [state.replaceAll("_", " "), error?.message].filter(Boolean).join(": ");

function verifyRunAgainst(
  store: Store,
  { id, label, failed, log }: { id: string; label: string; failed: string | null; log: string[] },
  found: ReferenceClass,
  { chosen, tolerance }: { chosen: string; tolerance: number | undefined },
): { run: VerifiedRun; notes: string[] } {
  const stored = found.runs[id];
  if (!stored) throw new Error(`the reference has no run ${id}`);
  const then: Place = { ...placeOf(chosen, found.environment["device.description"]), lanes: stored.lanes };
  const unlike = { run: id, label, same: false, cannotCompare: null, failed, log, compared: 0, partings: [] };
  if (failed !== null || !hasNumbers(stored)) {
    const cannotCompare = hasNumbers(stored) ? null : NO_NUMBERS;
    return { run: { ...unlike, cannotCompare, basis: basisOf(then, then, tolerance) }, notes: [] };
  }
  const row = getRun(store, id);
  if (!row) throw new Lor2cError("VERIFY_FAILED", `run ${id} is gone from the temporary database`);
  const again = recordRun(store, row);
  const here = again.environment.get("device.class");
  const now: Place = {
    ...placeOf(here ?? null, again.environment.get("device.description")),
    device: again.environment.get("device") ?? "",
    lanes: again.run.lanes,
  };
  const basis = basisOf(then, now, tolerance);
  const { compared, partings, notes } = compareRecorded(stored, again.run, basis);
  if (compared === 0) {
    const cannotCompare = notes.join("; ") || "it has nothing that the reference has";
    return { run: { ...unlike, cannotCompare, basis }, notes: [] };
  }
  const run = { ...unlike, same: partings.length === 0, basis, compared, partings };
  return { run, notes: [...notes, ...(run.same ? [] : environmentNotes(found.environment, again.environment))] };
}

const placeOf = (deviceClass: string | null, description = "") => ({
  deviceClass,
  device: deviceClass?.startsWith("cpu ") ? "cpu" : "cuda",
  description,
});

/** What may explain different numbers. */
function environmentNotes(was: Record<string, string>, is: ReadonlyMap<string, string>): string[] {
  return Object.entries(was)
    .filter(([name, text]) => is.get(name) !== text)
    .map(([name, text]) => `${name} was ${text} and is ${is.get(name) ?? "absent"}`);
}
