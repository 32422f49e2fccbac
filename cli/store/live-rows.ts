/** What goes on right now, as other terminals see it. */
import type { EventOf } from "../protocol/messages.js";

/** How far a running attempt is. */
export interface LiveAttempt {
  run: string;
  attempt: number;
  /** Number of the lane within its job; runs of one job and lane train as one. */
  lane: number;
  phase: "load" | "train" | "evaluate" | "save";
  step: number;
  /** 0 as long as nobody knows. */
  total_steps: number;
  /** Fractional: 1.5 is the middle of the second one. Null before training. */
  epoch: number | null;
  /** Of the newest report; null before the first, or if it was no finite number. */
  loss: number | null;
  tokens_per_second: number | null;
  seconds_left: number | null;
  /** When its worker last told something new. */
  at: string;
}

/** How far a job is with an experiment. */
export interface LiveJob {
  experiment: number;
  /** The process, for people. */
  owner: string;
  /** The done part of what that command trains, 0 to 1. */
  fraction: number;
  seconds_left: number | null;
  at: string;
}

/** What the device of one worker last reported, under the name that the user gives the device. */
export interface WorkerReading extends Omit<EventOf<"device_usage">, "type" | "seq"> {
  at: string;
}

/** What a device last reported. Null: not measured there. */
export interface LiveDevice
  extends Pick<
    WorkerReading,
    | "host"
    | "device"
    | "description"
    | "uuid"
    | "memory_used"
    | "memory_total"
    | "utilization"
    | "temperature"
    | "power"
    | "cpu_share"
    | "at"
  > {
  /** How many workers report it. */
  workers: number;
}
