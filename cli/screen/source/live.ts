/** What jobs say about the moment, see the tables `live_*`; all of it comes in here. A job writes it every two seconds. */
import {
  type LiveAttempt,
  type LiveDevice,
  liveAttempts,
  liveDevices,
  liveJobs,
  type Watched,
} from "../../store/read.js";
import type { Store } from "../../store/store.js";
import type { DeviceReading, ScreenRun } from "../data.js";

export interface Live {
  /** By attempt. */
  runs: ReadonlyMap<number, LiveAttempt>;
  /** Of the jobs that train these runs; null if none does, or if jobs say nothing about just these. */
  jobs: LiveJobs | null;
  devices: readonly DeviceReading[];
}

interface LiveJobs {
  /** The done part of what the job trains; undefined if there are several. */
  fraction: number | undefined;
  /** Milliseconds of the clock at which the last is over; null if not known. */
  end: number | null;
}

export const NO_LIVE: Live = { runs: new Map(), jobs: null, devices: [] };

export function readLive(store: Store, watched: Watched): Live {
  const runs = new Map(liveAttempts(store, null).map((row) => [row.attempt, row]));
  return { runs, jobs: jobsOf(store, watched), devices: deviceReadings(liveDevices(store)) };
}

function jobsOf(store: Store, watched: Watched): LiveJobs | null {
  if (watched !== "all" && "runs" in watched) return null;
  const jobs = liveJobs(store, watched === "all" ? null : watched.experiment);
  const [first] = jobs;
  if (!first) return null;
  const ends = jobs.map(({ seconds_left, at }) =>
    seconds_left === null ? null : Date.parse(at) + seconds_left * 1000,
  );
  return {
    fraction: watched !== "all" && jobs.length === 1 ? first.fraction : undefined,
    end: ends.reduce((last, end) => (last === null || end === null ? null : Math.max(last, end))),
  };
}

/** Of this process's job, or of the stored ones. */
export const deviceReadings = (devices: readonly LiveDevice[]): DeviceReading[] =>
  devices.map((device) => ({
    host: device.host,
    name: device.device,
    description: device.description,
    at: Date.parse(device.at),
    memoryUsed: device.memory_used,
    memoryTotal: device.memory_total,
    utilization: device.utilization,
    temperature: device.temperature,
    power: device.power,
  }));

type Moment = Pick<ScreenRun, "phase" | "step" | "loss" | "tokensPerSecond" | "secondsLeft">;

/** What is stored of a run in training. */
interface StoredMoment {
  num_epochs: number | null;
  step: number | null;
  resumed_step: number | null;
  loss: number | null;
  tokens_per_second: number | null;
}

/** The moment of a run in training: what its job says, else what its stored values tell. */
export function momentOf(row: StoredMoment, live: LiveAttempt | undefined, now: number): Moment {
  const step = Math.max(row.step ?? 0, row.resumed_step ?? 0);
  const loading = row.num_epochs === null;
  return {
    phase: live?.phase ?? (loading ? "load" : "train"),
    step: Math.max(step, live?.step ?? 0),
    loss: live?.loss ?? row.loss,
    tokensPerSecond: live?.tokens_per_second ?? row.tokens_per_second,
    secondsLeft: live ? leftAt(live, now) : null,
  };
}

/** Whole seconds, counted on since the job said so. */
function leftAt({ seconds_left, at }: LiveAttempt, now: number): number | null {
  return seconds_left === null ? null : Math.max(0, Math.round(seconds_left - (now - Date.parse(at)) / 1000));
}

/** The one from before if it says the same. */
export function sameLive(live: LiveAttempt | undefined, before: LiveAttempt | undefined): LiveAttempt | undefined {
  const same = live && before && (Object.keys(live) as (keyof LiveAttempt)[]).every((key) => live[key] === before[key]);
  return same ? before : live;
}
