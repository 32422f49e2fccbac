import { existsSync, readFileSync } from "node:fs";
import { isMissing } from "../errors.js";

/** `stopped`: suspended by a signal. `busy`: it uses CPU time. `idle`: it does not. `unknown`: there is no /proc. */
type Activity = "busy" | "idle" | "stopped" | "gone" | "unknown";

export interface Silence {
  /** Seconds since its last event. */
  seconds: number;
  process: Activity;
  /** How long it has used no CPU time. */
  idleSeconds: number;
}

const ACTIVITY: Record<string, Activity> = { T: "stopped", t: "stopped", Z: "gone", X: "gone", "?": "unknown" };
/** A waiting process works for moments, and a working one waits for moments. */
const STILL_SECONDS = 2;
/** Part of a processor below which a process does nothing: the thread of a worker that measures it goes on in any case. */
const STILL_SHARE = 0.01;
const TICKS_PER_SECOND = 100;

/** How long a worker has sent nothing, and what its process is doing. */
export class SilenceWatch {
  #heard = performance.now();
  #moved = performance.now();
  #looked = performance.now();
  #ticks = -1;

  constructor(private readonly pid: number) {}

  /** Records that the worker has sent an event. */
  heard(): void {
    this.#heard = this.#moved = performance.now();
  }

  look(): Silence {
    const now = performance.now();
    const { state, ticks } = this.#read();
    const little = ((now - this.#looked) / 1000) * TICKS_PER_SECOND * STILL_SHARE;
    if (this.#ticks === -1 || ticks - this.#ticks > little || state === "R") this.#moved = now;
    [this.#ticks, this.#looked] = [ticks, now];
    const still = (now - this.#moved) / 1000;
    const process = ACTIVITY[state] ?? (still < STILL_SECONDS ? "busy" : "idle");
    return { seconds: (now - this.#heard) / 1000, process, idleSeconds: process === "idle" ? still : 0 };
  }

  /** The state's letter in /proc, and the CPU time of all threads so far. */
  #read(): { state: string; ticks: number } {
    const stat = statOf(this.pid);
    if (stat === null || stat === undefined) return { state: stat === null ? "X" : "?", ticks: this.#ticks };
    // After the name, which may contain anything: state is the first field, user and system time are the 12th and 13th.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "?", ticks: Number(fields[11]) + Number(fields[12]) };
  }
}

/** Null when the process is gone; undefined where it can't be seen, be it that there is no /proc or no descriptor left. */
function statOf(pid: number): string | null | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch (error) {
    return isMissing(error) && existsSync(`/proc/${process.pid}/stat`) ? null : undefined;
  }
}
