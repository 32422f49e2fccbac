/** The source of `lor2c run`: its job, over what is stored of the same runs. */
import type { JobModel, RunStatus } from "../../job/model.js";
import type { JobPlan, PlanCell } from "../../job/reporter.js";
import type { CurvesData } from "../../views/curves/data.js";
import type { TimelineData } from "../../views/timeline/data.js";
import type { AddedColumns, LogLine, ScreenData, ScreenRun, ScreenSource } from "../data.js";
import { Budget } from "./budget.js";
import { deviceReadings } from "./live.js";
import { byWords, isFilter, type Matching, UNREADABLE } from "./matching.js";
import { overlaid } from "./overlay.js";
import { progressOf } from "./progress.js";
import { isSame } from "./same.js";
import { StoredSource } from "./stored.js";

/** Parts of the thread that feeds the workers, for reading the database and for laying the job's facts over it. */
const SHARE = 0.01;
const EVERY = 1000;
const OVERLAY_SHARE = 0.01;
const OVERLAY_EVERY = 80;
/** Milliseconds until a database that could not be opened is tried again. */
const AGAIN = 5000;

/** What a job says, at any moment. */
export interface JobNow {
  model: Pick<JobModel, "runs" | "devices" | "timeLeft" | "secondsLeft">;
  /** The reporter's messages. The same array while there is no new one. */
  log: readonly LogLine[];
}

export type SourcePlan = Pick<JobPlan, "name" | "experiment" | "dbPath" | "cells">;

/** Never throws, because a training must not end for its screen: without a database, the job's facts alone are shown. */
export const jobSource = (plan: SourcePlan, job: () => JobNow, now: () => number = Date.now): JobSource =>
  new JobSource(plan, job, now);

/** A run, and what it was made of. */
interface Made {
  of: readonly unknown[];
  run: ScreenRun;
}

class JobSource implements ScreenSource {
  #stored: StoredSource | null = null;
  #retry = 0;
  readonly #budget: Budget;
  readonly #made = new Map<string, Made>();
  #storedRuns: { of: ScreenData["runs"] | undefined; byId: ReadonlyMap<string, ScreenRun> } = {
    of: undefined,
    byId: new Map(),
  };
  #data: ScreenData | null = null;
  /** Another object also says that curves can be read again. */
  #laidOver: ScreenData | undefined;

  constructor(
    private readonly plan: SourcePlan,
    private readonly job: () => JobNow,
    private readonly now: () => number,
  ) {
    this.#budget = new Budget(OVERLAY_SHARE, now, OVERLAY_EVERY);
  }

  read(): ScreenData {
    if (this.#data && !this.#budget.isFree) return this.#data;
    const now = this.now();
    const stored = this.#open(now)?.read(); // has a budget of its own, so that it does not hold up the job's facts
    return this.#budget.spend(() => this.#lay(stored, now));
  }

  timeline(run: string): TimelineData | null {
    return this.#stored?.timeline(run) ?? null;
  }

  curves(run: string): CurvesData | null {
    return this.#stored?.curves(run) ?? null;
  }

  matching(filter: string): Matching {
    if (!isFilter(filter)) return byWords(this.#data?.runs ?? [], filter);
    return this.#stored?.matching(filter) ?? UNREADABLE;
  }

  columns(text: string): AddedColumns {
    return this.#stored?.columns(text) ?? UNREADABLE;
  }

  close(): void {
    this.#stored?.close();
  }

  #lay(stored: ScreenData | undefined, now: number): ScreenData {
    const before = this.#data;
    const { model, log } = this.job();
    const timeLeft = model.timeLeft();
    const runs = this.#runs(stored, now);
    const left = timeLeft?.secondsLeft ?? null;
    const secondsLeft = left === null ? null : Math.round(left);
    const next: ScreenData = {
      title: this.plan.name,
      experiment: this.plan.experiment,
      progress: kept(before?.progress, progressOf(runs, { fraction: timeLeft?.fraction ?? 0, secondsLeft })),
      runs,
      grid: stored?.grid ?? null,
      log,
      alerts: stored?.alerts ?? NO_ALERTS,
      devices: kept(before?.devices, deviceReadings(model.devices.devices())),
    };
    this.#data = before && stored === this.#laidOver && isSame(before, next) ? before : next;
    this.#laidOver = stored;
    return this.#data;
  }

  #open(now: number): StoredSource | null {
    if (this.#stored || now < this.#retry) return this.#stored;
    const { name: title, experiment, dbPath } = this.plan;
    const shown = { title, experiment, watched: { experiment } };
    try {
      this.#stored = new StoredSource(dbPath, () => shown, { share: SHARE, every: EVERY, ofJob: true, now: this.now });
    } catch {
      this.#retry = now + AGAIN;
    }
    return this.#stored;
  }

  /** In the order of the plan; the same array if none has changed. */
  #runs(stored: ScreenData | undefined, now: number): readonly ScreenRun[] {
    const { model } = this.job();
    if (stored?.runs !== this.#storedRuns.of) {
      this.#storedRuns = { of: stored?.runs, byId: new Map(stored?.runs.map((run) => [run.id, run])) };
    }
    const runs = this.plan.cells.flatMap((cell) => {
      const status = model.runs.get(cell.id);
      return status ? this.#overlaid(cell, status, now) : [];
    });
    const before = this.#data?.runs;
    return before?.length === runs.length && runs.every((run, at) => run === before[at]) ? before : runs;
  }

  #overlaid(cell: PlanCell, status: RunStatus, now: number): ScreenRun {
    const { id, state, reason, attempt, lane, startedAt, endedAt } = status;
    const run = this.#storedRuns.byId.get(id);
    const below = run && { run, attempt: this.#stored?.attemptOf(id) ?? null };
    const second = state === "running" && startedAt !== null ? Math.floor((now - startedAt) / 1000) : endedAt;
    const facts = lane?.facts;
    const left = lane && state === "running" ? this.job().model.secondsLeft(lane) : null;
    // Whole seconds: the run stays the same object between two of them.
    const secondsLeft = left === null ? null : Math.round(left);
    const of = [run, below?.attempt, state, reason, attempt, lane, facts, secondsLeft, second];
    const made = this.#made.get(id);
    if (made && of.every((one, at) => one === made.of[at])) return made.run;
    const next = { of, run: overlaid(cell, status, below, { now, secondsLeft }) };
    this.#made.set(id, next);
    return next.run;
  }
}

const NO_ALERTS: ScreenData["alerts"] = [];

const kept = <T>(before: T | undefined, now: T): T =>
  before !== undefined && JSON.stringify(before) === JSON.stringify(now) ? before : now;
