import type { Share } from "../plan/share-out.js";
import type { WorkerEvent } from "../protocol/messages.js";
import type { Lane } from "./lane.js";
import type { LaneClock } from "./model.js";
import type { RunState } from "./run-state.js";
import { ShareClock } from "./share-clock.js";
import { secondsOfEach, type TimeLeft, timeLeft } from "./time-left.js";

/** How many milliseconds an estimate may be used. */
const FRESH = 1000;

/** What was estimated at one moment, for the job and for each of its shares. */
interface Estimate {
  at: number;
  job: number | null;
  shares: ReadonlyMap<ShareClock, number | null>;
}

/**
 * Estimates a job's progress and time left from the events of its shares' runs. The job and its lanes are told from one
 * estimate, which counts down until the next: so a job never has less time left than a lane of it.
 */
export class JobClock implements LaneClock {
  readonly #shares: ShareClock[] = [];
  readonly #of = new Map<string, ShareClock>();
  #estimate: Estimate | undefined;
  /** The largest fraction so far. */
  #fraction = 0;

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
    this.#estimate = undefined;
  }

  states(runs: readonly string[], state: RunState): void {
    for (const run of runs) this.#of.get(run)?.state(run, state);
    this.#estimate = undefined;
  }

  event({ runs }: Pick<Lane, "runs">, event: WorkerEvent): void {
    this.#of.get(runs[0] ?? "")?.event(runs, event);
  }

  secondsLeft({ runs }: Pick<Lane, "runs">): number | null {
    const share = this.#of.get(runs[0] ?? "");
    return share ? this.#counted((estimate) => estimate.shares.get(share) ?? null) : null;
  }

  look(): TimeLeft {
    const secondsLeft = this.#counted(({ job }) => job);
    return { fraction: this.#fraction, secondsLeft };
  }

  /** Seconds of the newest estimate, less those since then. */
  #counted(of: (estimate: Estimate) => number | null): number | null {
    const known = this.#estimate;
    const estimate = known && this.now() - known.at < FRESH ? known : this.#look();
    this.#estimate = estimate;
    const seconds = of(estimate);
    return seconds && Math.max(0, seconds - (this.now() - estimate.at) / 1000);
  }

  #look(): Estimate {
    const times = this.#shares.map((share) => share.times());
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    const done = sum(times.map((share) => share.done));
    const left = sum(times.map((share) => share.left)) + sum(this.#shares.map(({ undone }) => undone));
    const fraction = done + left > 0 ? done / (done + left) : 1;
    // The last step is not the end: its evaluation and saving count in seconds but not in the fraction.
    const over = times.every(({ state }) => state === "over");
    // More may be left than was forecast. A progress bar that goes back is worse than one that waits.
    this.#fraction = Math.max(this.#fraction, over ? fraction : Math.min(fraction, 0.99));
    const seconds = secondsOfEach(times);
    return {
      at: this.now(),
      job: timeLeft(times, this.slots, seconds),
      shares: new Map(this.#shares.map((share, i) => [share, seconds[i] ?? null])),
    };
  }
}
