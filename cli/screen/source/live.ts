/**
 * What jobs of other processes say about the moment. Nothing of that is stored yet, so that progress is as old as the
 * newest stored value; this file is the one place where it is merged.
 */
import type { WatchedRow } from "../../store/read.js";
import type { Store } from "../../store/store.js";
import type { DeviceReading, ScreenRun } from "../data.js";

/** The newest message of a worker about one attempt. */
export interface LiveRun
  extends Partial<Pick<ScreenRun, "lane" | "phase" | "step" | "loss" | "tokensPerSecond" | "secondsLeft">> {
  /** Milliseconds of the clock. */
  at: number;
}

export interface Live {
  /** By attempt. */
  runs: ReadonlyMap<number, LiveRun>;
  /** Of the jobs that train these runs: seconds until the last is over, and when that was said. */
  left: { secondsLeft: number | null; at: number } | null;
  devices: readonly DeviceReading[];
}

export const NO_LIVE: Live = { runs: new Map(), left: null, devices: [] };

export const readLive = (_store: Store): Live => NO_LIVE;

type Moment = Pick<ScreenRun, "phase" | "step" | "loss" | "tokensPerSecond" | "secondsLeft">;

/** The moment of a run in training: what its job says, else what its stored values tell. */
export function momentOf(row: WatchedRow, live: LiveRun | undefined): Moment {
  const step = Math.max(row.step ?? 0, row.resumed_step ?? 0);
  return {
    phase: live?.phase ?? (row.num_epochs === null ? "load" : "train"),
    step: Math.max(step, live?.step ?? 0),
    loss: live?.loss ?? row.loss,
    tokensPerSecond: live?.tokensPerSecond ?? row.tokens_per_second,
    secondsLeft: live?.secondsLeft ?? null,
  };
}
