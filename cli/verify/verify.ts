import { join } from "node:path";
import { Lor2cError, UsageError } from "../errors.js";
import type { Executor, ExecutorOptions, Slot } from "../executors/executor.js";
import { EXECUTORS } from "../executors/index.js";
import { discard } from "../files.js";
import { Interrupts } from "../job/interrupt.js";
import { type JobListener, JobModel } from "../job/model.js";
import { obey } from "../job/obey.js";
import { numericsOf } from "../plan/numerics.js";
import { type ResolvedPlan, resolvePlan } from "../plan/resolve-plan.js";
import { errorText } from "../protocol/divergence.js";
import type { EventOf, WorkerEvent } from "../protocol/messages.js";
import type { Devices } from "../spec/devices.js";
import type { EnvironmentRow, RunRow } from "../store/read.js";
import { makeTemporaryFolder } from "../temporary.js";
import { type Basis, basisOf } from "./basis.js";
import { type Difference, differences, isCompared, type Measured } from "./compare-runs.js";
import { nothingToCompare } from "./nothing-to-compare.js";
import { placeOfPlan } from "./place.js";
import { readFinishedRun, type StoredRun } from "./stored-run.js";

export interface VerifyOptions {
  dbPath: string;
  selector: string;
  /** Relative above 1, absolute below. Default: see `basisOf`. */
  tolerance?: number | undefined;
  /** Default: the kind of device that the run was trained on. */
  devices?: Devices | undefined;
  /** Gets the worker's events about the run. */
  listener?: JobListener;
  worker?: ExecutorOptions;
  interrupts?: Interrupts;
}

export interface VerifyResult {
  run: string;
  label: string;
  same: boolean;
  /** How closely the values had to agree, and why. */
  basis: Basis;
  /** Values that both trainings have, or only one. */
  compared: number;
  /** Sorted by step; the first one is where the trainings start to differ. */
  differences: Difference[];
  /** Differences of the environment that may explain different values. */
  notes: string[];
}

/**
 * Trains a stored run's cell again, in a temporary folder and without touching the database, and compares the values.
 * Throws UsageError when the two cannot be compared, Lor2cError when the training fails or is interrupted.
 */
export async function verifyRun(options: VerifyOptions): Promise<VerifyResult> {
  const stored = readFinishedRun(options.dbPath, options.selector);
  const { id, label } = stored.run;
  if (!stored.metrics.some(isCompared)) throw nothingToCompare(id, label, "none of its losses and scores is stored");
  const interrupts = options.interrupts ?? new Interrupts();
  const executor = EXECUTORS.local(options.worker ?? {});
  const folder = makeTemporaryFolder("lor2c-verify-");
  try {
    const plan = await planAgain(stored, executor, options, interrupts);
    const again = await trainAgain(stored, folder, executor, plan.slots, options, interrupts);
    const basis = basisOf(stored.place, placeOfPlan(plan), options.tolerance);
    const { compared, common, differences: found } = differences(stored.metrics, again.metrics, basis.tolerance);
    if (common === 0) {
      throw nothingToCompare(
        id,
        label,
        "trained again, it measured nothing that is stored of it, after the same steps",
      );
    }
    return {
      run: id,
      label,
      same: found.length === 0,
      basis,
      compared,
      differences: found,
      notes: [...environmentNotes(stored, plan.ready), ...weightsNote(stored, again.initialWeights)],
    };
  } finally {
    await executor.close(); // its worker would wait for another bundle
    discard(folder);
    if (!options.interrupts) interrupts.dispose();
  }
}

/** Plans the run again, because with other data or weights equal settings are another training. */
async function planAgain(
  { run, settings, fingerprint, environment }: StoredRun,
  executor: Executor,
  options: VerifyOptions,
  interrupts: Interrupts,
): Promise<ResolvedPlan> {
  const devices = options.devices ?? (environment?.device === "cpu" ? "cpu" : "auto");
  const wanted = { cells: [{ settings, label: run.label, axes: {} }], devices, jobs: 1 };
  const plan = await interrupts
    .during(resolvePlan(wanted, { executor, signal: interrupts.stop }))
    .catch((error: unknown) => {
      if (!(error instanceof UsageError) || error.code !== "CELL_CANNOT_RUN") throw error;
      throw new UsageError("CANNOT_COMPARE", `run ${run.id} cannot be trained here: ${error.message}`, error.hint);
    });
  const now = plan.cells[0]?.inspected.fingerprint ?? {};
  if (numericsOf(now) !== run.numerics) throw otherNumerics(run, numericsOf(now), environment);
  const changed = [...new Set([...Object.keys(fingerprint), ...Object.keys(now)])]
    .filter((name) => fingerprint[name] !== now[name])
    .map((name) => `    ${name}: was ${fingerprint[name] ?? "absent"}, is ${now[name] ?? "absent"}`);
  if (changed.length > 0) {
    throw new UsageError("CANNOT_COMPARE", `what run ${run.id} was trained from has changed:\n${changed.join("\n")}`);
  }
  return plan;
}

/** The numbers of the two would mean different things, so that no difference would say anything. */
function otherNumerics(run: RunRow, now: number, environment: EnvironmentRow | null): UsageError {
  const trained = environment ? `lor2c ${environment.worker_version}` : "the lor2c";
  const commit = environment?.git_commit ? ` of commit ${environment.git_commit.slice(0, 10)}` : "";
  return new UsageError(
    "CANNOT_COMPARE",
    `run ${run.id} was trained with numerics ${run.numerics}, and this lor2c has ${now}: equal settings give other numbers`,
    `run it again (lor2c run SPEC makes a run of its own) and verify that one, or verify it with ${trained}${commit} that trained it`,
  );
}

async function trainAgain(
  { run, settings, fingerprint }: StoredRun,
  folder: string,
  executor: Executor,
  [slot]: readonly Slot[],
  { listener }: VerifyOptions,
  interrupts: Interrupts,
): Promise<{ metrics: Measured[]; initialWeights: string | null }> {
  if (!slot) throw new Error("a place to train without a slot");
  const metrics: Measured[] = [];
  let initialWeights: string | null = null;
  let outcome: WorkerEvent | undefined;
  const model = new JobModel(
    [{ id: run.id, label: run.label, totalSteps: 0, state: "planned" }],
    listener ? [listener] : [],
  );
  const told = model.begin(new Map([[run.id, 1]]));
  const cells = [{ id: run.id, settings, fingerprint, folder, resume: false }];
  const bundle = { cells, checkpoint: join(folder, "checkpoints"), writesCheckpoints: false };
  const running = executor.start(bundle, slot, (event) => {
    if (event.type === "metrics") metrics.push(...valuesOf(event));
    if (event.type === "started") initialWeights = event.initial_weights;
    if (event.type === "finished" || event.type === "failed" || event.type === "out_of_memory") outcome = event;
    model.event(told, event);
  });
  const release = obey(running, interrupts);
  const end = await running.done;
  release();
  interrupts.stop.throwIfAborted();
  if (outcome?.type === "finished") return { metrics, initialWeights };
  const reason = outcome?.type === "failed" ? errorText(outcome.error_type, outcome.message) : end.reason;
  const what = outcome?.type === "out_of_memory" ? `out of memory: ${outcome.message}` : reason;
  const tail = end.stderrTail.map((line) => `    | ${line}`);
  throw new Lor2cError("VERIFY_FAILED", [`training run ${run.id} again failed: ${what}`, ...tail].join("\n"));
}

function valuesOf({ split, step, values, diverged }: EventOf<"metrics">): Measured[] {
  const names = new Set([...Object.keys(values), ...diverged]);
  return [...names].map((name) => ({ split, step, name, value: values[name] ?? null }));
}

function environmentNotes({ environment }: StoredRun, ready: EventOf<"ready">): string[] {
  if (!environment) return ["where the run was trained is not stored"];
  const pairs: [string, string | undefined, string | undefined][] = [
    ["Python", environment.python, ready.python],
    ["the worker", environment.worker_version, ready.worker_version],
    ["the device", environment.device_description, ready.device.description],
  ];
  const { packages, computing, variables } = environment;
  const stored = Object.keys(computing).length > 0; // runs from before it was stored have no such texts
  for (const [was, is] of [
    [packages, ready.packages],
    ...(stored ? [[computing, ready.computing] as const, [variables, ready.variables] as const] : []),
  ] as const) {
    for (const name of new Set([...Object.keys(was), ...Object.keys(is)])) pairs.push([name, was[name], is[name]]);
  }
  return pairs
    .filter(([, before, now]) => before !== now)
    .map(([name, before, now]) => `${name} was ${before ?? "absent"} and is ${now ?? "absent"}`);
}

function weightsNote({ attempt }: StoredRun, now: string | null): string[] {
  return attempt.initial_weights === now ? [] : ["the initial trainable weights differ"];
}
