import { readFileSync } from "node:fs";

/** `stopped`: suspended by a signal. `busy`: its CPU time moves. `idle`: it doesn't. `unknown`: no /proc to look at. */
export type Activity = "busy" | "idle" | "stopped" | "gone" | "unknown";

export interface Silence {
  /** Since its last event. */
  seconds: number;
  process: Activity;
  /** How long its CPU time has not moved. */
  idleSeconds: number;
}

/** How long a worker has said nothing, and what its process does meanwhile. */
export class SilenceWatch {
  #heard = performance.now();
  #moved = performance.now();
  #ticks = -1;

  constructor(private readonly pid: number) {}

  /** The worker has said something. */
  heard(): void {
    this.#heard = this.#moved = performance.now();
  }

  /** CPU time is compared with that of the look before. */
  look(): Silence {
    const now = performance.now();
    const { process, ticks } = this.#read();
    if (ticks !== this.#ticks) this.#moved = now;
    this.#ticks = ticks;
    const seconds = (now - this.#heard) / 1000;
    return { seconds, process, idleSeconds: process === "idle" ? (now - this.#moved) / 1000 : 0 };
  }

  #read(): { process: Activity; ticks: number } {
    const stat = statOf(this.pid);
    if (stat === null) return { process: statOf(process.pid) === null ? "unknown" : "gone", ticks: this.#ticks };
    // After the name, which may hold anything: state is the first field, user and system time are the 12th and 13th.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = Number(fields[11]) + Number(fields[12]);
    const state = fields[0] ?? "";
    if (state === "T" || state === "t") return { process: "stopped", ticks };
    if (state === "Z" || state === "X") return { process: "gone", ticks };
    return { process: state === "R" || ticks !== this.#ticks ? "busy" : "idle", ticks };
  }
}

function statOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ESRCH") return null;
    throw error;
  }
}
