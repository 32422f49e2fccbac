import { errorText } from "../protocol/divergence.js";
import { OUTCOMES, type Outcome, type WorkerEvent } from "../protocol/messages.js";
import { BundleLanes } from "./bundle-lanes.js";
import { DeviceReadings } from "./device-readings.js";
import { type Lane, type LaneFacts, learn, NO_FACTS } from "./lane.js";
import { laneLabel } from "./lane-label.js";
import { FAILURES, type RunState } from "./run-state.js";
import type { TimeLeft } from "./time-left.js";

/** What this process knows of a run. */
export interface RunStatus {
  readonly id: string;
  readonly label: string;
  readonly totalSteps: number;
  state: RunState;
  /** The id of the attempt that this process made. */
  attempt: number | undefined;
  /** Why it is in this state, if that needs an explanation. */
  reason: string | undefined;
  /** The type of the error that ended it. */
  errorType: string | undefined;
  /** The last lines of the worker's stderr. */
  stderr: string[];
  /** The lane in which it trains or last trained; undefined before this process has claimed it. */
  lane: Lane | undefined;
  /** Milliseconds of the clock. */
  startedAt: number | null;
  endedAt: number | null;
}

/** Gets everything that happens in a job, in order. */
export interface JobListener {
  /** Announces a lane: later events may be about it. */
  lane(lane: Lane): void;
  /** One event of a worker, about all runs of the lane. */
  event(lane: Lane, event: WorkerEvent): void;
  /** These runs changed their state together; `detail` says why, if that needs an explanation. */
  states(runs: readonly string[], state: RunState, detail?: string): void;
}

/** Estimates times left for the model. It gets every event before the listeners do. */
export interface LaneClock extends Pick<JobListener, "event" | "states"> {
  /** Seconds from now until the worker is done with the lane; null if not yet known. */
  secondsLeft(lane: Lane): number | null;
  /** Of the whole job, from now; never less than that of a lane in training. */
  look(): TimeLeft;
}

/** Events that assign their runs to a lane; other events may be about a whole bundle. */
const OF_LANES: ReadonlySet<string> = new Set(["started", "progress", "metrics", "change", ...OUTCOMES]);

/**
 * What a job is doing: the state of every run, and the facts of the lanes in which they train. One call per worker
 * event and per change of state, however many runs it is about; each is passed on to the listeners.
 */
export class JobModel {
  readonly runs: ReadonlyMap<string, RunStatus>;
  readonly devices: DeviceReadings;
  readonly #counts = new Map<RunState, number>();
  #lanes = 0;

  /** `cells` in the order of the plan. */
  constructor(
    runs: readonly { id: string; label: string; totalSteps: number; state: RunState }[],
    private readonly listeners: readonly JobListener[],
    private readonly clock?: LaneClock,
    private readonly now: () => number = Date.now,
  ) {
    const unknown = { attempt: undefined, reason: undefined, errorType: undefined, lane: undefined };
    const none = { ...unknown, stderr: [], startedAt: null, endedAt: null };
    this.runs = new Map(runs.map((run) => [run.id, { ...none, ...run }]));
    for (const { state } of this.runs.values()) this.#count(state, 1);
    this.devices = new DeviceReadings(now);
  }

  /** How many runs are in each state that occurs. */
  get counts(): ReadonlyMap<RunState, number> {
    return this.#counts;
  }

  /** How many runs failed or were lost. Stopped and skipped ones do not count, because the user wanted that. */
  get failures(): number {
    return [...FAILURES].reduce((sum, state) => sum + (this.#counts.get(state) ?? 0), 0);
  }

  state(run: string): RunState {
    return this.#run(run).state;
  }

  /** Seconds from now until the worker is done with the lane; null if not yet known. Ask when it is shown. */
  secondsLeft(lane: Lane): number | null {
    return this.clock?.secondsLeft(lane) ?? null;
  }

  /** How far the job is now; null without a clock. Ask when it is shown. */
  timeLeft(): TimeLeft | null {
    return this.clock?.look() ?? null;
  }

  /** One label for all of these runs. */
  labelOf(runs: readonly string[]): string {
    return laneLabel(runs.map((run) => this.#run(run).label));
  }

  /** Lanes that have runs in training, in the order of the plan, with those runs. */
  training(): Map<Lane, string[]> {
    const lanes = new Map<Lane, string[]>();
    for (const { id, state, lane } of this.runs.values()) {
      if (state !== "running" || !lane) continue;
      const runs = lanes.get(lane);
      if (runs) runs.push(id);
      else lanes.set(lane, [id]);
    }
    return lanes;
  }

  /** Registers runs that this process has claimed and that one worker will train. */
  begin(attempts: ReadonlyMap<string, number>): BundleLanes {
    for (const [id, attempt] of attempts) this.#run(id).attempt = attempt;
    const runs = [...attempts.keys()];
    const bundle = new BundleLanes(runs, (ids) => this.#makeLane(ids));
    const together = bundle.laneOf(runs); // until the worker's events split them
    for (const id of runs) this.#run(id).lane = together;
    this.set(runs, "running");
    return bundle;
  }

  /** Applies an event of a bundle's worker. */
  event(bundle: BundleLanes, event: WorkerEvent): Lane | undefined {
    const named = "cells" in event && event.cells.length > 0 ? event.cells : bundle.runs;
    const lane = bundle.laneOf(named);
    if (!lane) return undefined;
    this.clock?.event(lane, event);
    if (event.type === "device_usage") this.devices.add(event);
    lane.facts = learn(lane.facts, event);
    if (OF_LANES.has(event.type)) for (const id of lane.runs) this.#run(id).lane = lane;
    if (event.type === "failed") for (const id of lane.runs) this.#run(id).errorType = event.error_type;
    for (const listener of this.listeners) listener.event(lane, event);
    if (isOutcome(event.type)) this.set(lane.runs, event.type, reasonOf(event));
    return lane;
  }

  set(runs: readonly string[], state: RunState, detail?: string): void {
    const changed = runs.filter((run) => this.#run(run).state !== state);
    if (changed.length === 0) return;
    for (const id of changed) this.#change(this.#run(id), state, detail);
    this.clock?.states(changed, state);
    for (const listener of this.listeners) listener.states(changed, state, detail);
  }

  setStderr(run: string, tail: string[]): void {
    this.#run(run).stderr = tail;
  }

  #change(run: RunStatus, state: RunState, reason: string | undefined): void {
    this.#count(run.state, -1);
    this.#count(state, 1);
    run.state = state;
    run.reason = reason;
    if (state === "running") [run.startedAt, run.endedAt] = [this.now(), null];
    else if (run.startedAt !== null) run.endedAt = this.now();
  }

  #count(state: RunState, by: number): void {
    const count = (this.#counts.get(state) ?? 0) + by;
    if (count === 0) this.#counts.delete(state);
    else this.#counts.set(state, count);
  }

  #makeLane(runs: readonly string[]): Lane {
    const first = this.runs.get(runs[0] ?? "");
    const before = first?.state === "running" ? first.lane?.facts : undefined;
    const facts: LaneFacts = before ?? { ...NO_FACTS, totalSteps: first?.totalSteps ?? 0 };
    const lane = { number: ++this.#lanes, runs, label: this.labelOf(runs), facts };
    for (const listener of this.listeners) listener.lane(lane);
    return lane;
  }

  #run(id: string): RunStatus {
    const run = this.runs.get(id);
    if (!run) throw new Error(`no run ${id} in this job`);
    return run;
  }
}

function isOutcome(type: string): type is Outcome {
  return (OUTCOMES as readonly string[]).includes(type);
}

function reasonOf(event: WorkerEvent): string | undefined {
  if (event.type === "failed") return errorText(event.error_type, event.message);
  return event.type === "out_of_memory" ? event.message : undefined;
}
