import type { Executor, Slot } from "../executors/executor.js";
import type { PlannedCell } from "../plan/cell.js";
import { reasonsOf, reasonText } from "../plan/plan.js";
import { remaining } from "../plan/remaining.js";
import type { ResolvedPlan } from "../plan/resolve-plan.js";
import { assign, type Share } from "../plan/share-out.js";
import { warningTexts } from "../plan/warnings.js";
import { CANNOT_RUN, experimentStopRequest, runStates } from "../store/read.js";
import { reapLost, recordForecasts } from "../store/write.js";
import { Alerts } from "./alerts.js";
import type { Approved } from "./approved.js";
import { FailuresAlike } from "./failures-alike.js";
import { Heartbeats } from "./heartbeats.js";
import type { Interrupts } from "./interrupt.js";
import type { Job } from "./job.js";
import { JobClock } from "./job-clock.js";
import { LiveState } from "./live-state.js";
import { JobModel } from "./model.js";
import { Patience } from "./patience.js";
import type { PlanCell, Reporter } from "./reporter.js";
import { RunLogs } from "./run-logs.js";
import type { JobSource } from "./source.js";
import { StopWatch } from "./stop-watch.js";
import { timeTeller } from "./time-teller.js";

/** The input of a job. */
export interface Beginning {
  source: JobSource;
  plan: ResolvedPlan;
  executor: Executor;
  approved: Approved;
  reporter: Reporter;
  interrupts: Interrupts;
  /** Train finished runs again. */
  force: boolean;
}

/** Registers the experiment, finds its remaining runs, and tells the reporter. Trains nothing yet. */
export async function beginJob(from: Beginning): Promise<{ job: Job; shares: Share[]; slots: Slot[] }> {
  const { source, plan, executor, approved, reporter, interrupts, force } = from;
  const { store, foresight, warnings } = approved;
  const { cells } = plan;
  const patience = new Patience((message) => reporter.message("warn", message));
  const ids = cells.map((cell) => cell.id);
  const register = () =>
    store.write(() => {
      reapLost(store);
      const experiment = source.register(store, plan);
      recordForecasts(store, foresight.forecast.runs);
      return { experiment, states: runStates(store, ids), asked: experimentStopRequest(store, experiment) };
    });
  const { experiment, states, asked } = await patience.until(register, interrupts.stop);
  const { todo, finished } = remaining(cells, states, force);
  const { shares, slots } = assign(todo, plan.slots, plan.ready.device);

  const clock = new JobClock(slots.length);
  clock.add(shares);
  const done = new Set(finished);
  const runs = cells.map((cell) => planCell(cell, done.has(cell) ? "finished" : "planned"));
  const model = new JobModel(runs, [reporter, timeTeller(reporter, clock)], clock);
  const invalid = reasonsOf(plan.invalid);
  const devices = [...new Set(slots.map(({ device }) => device))];
  const where = { dbPath: store.path, jobs: slots.length, devices };
  reporter.begin({ name: source.name, experiment, ...where, cells: runs, invalid }, model);
  for (const reason of invalid) {
    reporter.message("warn", `left out, ${CANNOT_RUN}${reasonText(reason, source.cells.length)}`);
  }
  for (const text of [...warningTexts(todo), ...warnings]) reporter.message("warn", text);

  const job: Job = {
    ...{ name: source.name, experiment, cells, invalid, notes: [...source.notes, ...plan.notes] },
    ...{ evaluate: source.evaluate, evaluations: [] },
    ...{ keep: source.keep, droppedAdapters: 0 },
    ...{ store, executor, reporter, model, interrupts, patience, force, device: plan.ready.device },
    logs: new RunLogs((error) => reporter.message("warn", `a run's log cannot be written: ${error.message}`)),
    heartbeats: new Heartbeats(store, patience, {
      onFault: (error) => job.fail(error),
      onWarning: (error) => reporter.message("warn", `heartbeat: ${error.message}`),
    }),
    live: new LiveState(store, experiment, model, clock),
    stops: new StopWatch(store, experiment, asked, () => interrupts.stopBecause("lor2c stop asks for it")),
    alike: new FailuresAlike(),
    alerts: new Alerts(store, model, patience, reporter),
    fault: undefined,
    fail: (error) => {
      job.fault ??= error;
      interrupts.stopBecause("the database cannot be used");
    },
    fromScratch: source.fromScratch,
    maxFailures: source.maxFailures,
    fromZero: new Set(ids.filter((id) => source.fromScratch || states.get(id) === "failed")),
  };
  return { job, shares, slots };
}

function planCell({ id, label, inspected }: PlannedCell, state: PlanCell["state"]): PlanCell {
  return {
    id,
    label,
    trainableParameters: inspected.trainable_parameters ?? 0,
    headParameters: inspected.head_parameters ?? 0,
    state,
    totalSteps: inspected.total_steps ?? 0,
  };
}
