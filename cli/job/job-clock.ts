import type { Share } from "../plan/share-out.js";
import type { WorkerEvent } from "../protocol/messages.js";
import type { Lane } from "./lane.js";
import type { LaneClock } from "./model.js";
import type { TimeLeft } from "./reporter.js";
import type { RunState } from "./run-state.js";
import { ShareClock } from "./share-clock.js";
import { secondsOfEach, timeLeft } from "./time-left.js";

/** How many milliseconds an estimate of a lane's time left may be reused. */
const FRESH = 1000;

/** Estimates a job's progress and time left from the events of its shares' runs. */
export class JobClock implements LaneClock {
  readonly #shares: ShareClock[] = [];
  readonly #of = new Map<string, ShareClock>();
  /** The last reported fraction. */
  #fraction = 0;
  #estimate: { at: number; seconds: Map<ShareClock, number | null> } | undefined;

  constructor(
    private readonly slots: number,
    private readonly now: () => number = Date.now,
  ) {}

  /** Adds shares in the order of their start. */
  add(shares: readonly Share[]): void {
    for (const share of shares) {
      const clock = new ShareClock(share, this.now);
      this.#shares.push(clock);
      for (const { id } of share.cells) this.#of.set(id, clock);
    }
  }

  states(runs: readonly string[], state: RunState): void {
    for (const run of runs) this.#of.get(run)?.state(run, state);
  }

  event({ runs }: Pick<Lane, "runs">, event: WorkerEvent): void {
    this.#of.get(runs[0] ?? "")?.event(runs, event);
  }

  secondsLeft({ runs }: Pick<Lane, "runs">): number | null {
    const share = this.#of.get(runs[0] ?? "");
    if (!share) return null;
    if (!this.#estimate || this.now() - this.#estimate.at >= FRESH) {
      const seconds = secondsOfEach(this.#shares.map((one) => one.times()));
      this.#estimate = { at: this.now(), seconds: new Map(this.#shares.map((one, i) => [one, seconds[i] ?? null])) };
    }
    return this.#estimate.seconds.get(share) ?? null;
  }

  look(): TimeLeft {
    const times = this.#shares.map((share) => share.times());
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    const done = sum(times.map((share) => share.done));
    const left = sum(times.map((share) => share.left)) + sum(this.#shares.map(({ undone }) => undone));
    const fraction = done + left > 0 ? done / (done + left) : 1;
    // The last step is not the end: its evaluation and saving count in seconds but not in the fraction.
    const over = times.every(({ state }) => state === "over");
    // More may be left than was forecast. A progress bar that goes back is worse than one that waits.
    this.#fraction = Math.max(this.#fraction, over ? fraction : Math.min(fraction, 0.99));
    return { fraction: this.#fraction, secondsLeft: timeLeft(times, this.slots) };
  }
}
