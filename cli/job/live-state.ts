import { thisProcess } from "../store/owners/process.js";
import type { LiveAttempt } from "../store/read.js";
import type { Store } from "../store/store.js";
import { checkInPlace, removeLive, sweepLive, writeLive } from "../store/write.js";
import type { JobClock } from "./job-clock.js";
import type { Lane, LaneFacts } from "./lane.js";
import type { JobModel } from "./model.js";

/** Milliseconds between two writes. */
const EVERY = 2000;
/** A write that takes long is followed by a pause of this many times as long, so that a large job loses no time by it. */
const PAUSE = 100;

type Row = Omit<LiveAttempt, "run">;

/**
 * Tells other terminals through the database what this job is doing. Nothing depends on it: while another process writes,
 * or if the database is in trouble, it is left out, and the events meet the same trouble and say so.
 */
export class LiveState {
  readonly #owner = thisProcess();
  /** What the row of each attempt was made from. */
  readonly #written = new Map<number, LaneFacts>();
  #timer: NodeJS.Timeout;
  #harmed = false;

  constructor(
    private readonly store: Store,
    private readonly experiment: number,
    private readonly model: JobModel,
    private readonly clock: Pick<JobClock, "look">,
    private readonly every = EVERY,
  ) {
    this.#quietly(() => void store.tryWrite(() => sweepLive(store)));
    this.#timer = this.#later(every);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#quietly(() => void removeLive(this.store, this.#owner));
  }

  #later(milliseconds: number): NodeJS.Timeout {
    return setTimeout(() => {
      const began = performance.now();
      this.#quietly(() => this.#write());
      this.#timer = this.#later(Math.max(this.every, PAUSE * (performance.now() - began)));
    }, milliseconds).unref();
  }

  #write(): void {
    const at = new Date().toISOString();
    const { fraction, secondsLeft } = this.clock.look();
    const job = { experiment: this.experiment, fraction, seconds_left: secondsLeft, at };
    const changed = new Map<number, LaneFacts>();
    const attempts: Row[] = [];
    for (const [lane, runs] of this.model.training()) {
      for (const run of runs) {
        const attempt = this.model.runs.get(run)?.attempt;
        if (attempt === undefined || this.#written.get(attempt) === lane.facts) continue;
        changed.set(attempt, lane.facts);
        attempts.push({ attempt, ...rowOf(lane, this.model.secondsLeft(lane)), at });
      }
    }
    const devices = this.model.devices.workers();
    if (!writeLive(this.store, { owner: this.#owner, job, attempts, devices })) return;
    for (const [attempt, facts] of changed) this.#written.set(attempt, facts);
  }

  #quietly(work: () => void): void {
    if (this.#harmed) return;
    try {
      checkInPlace(this.store); // a write to a log that was cut would hide the damage
      work();
    } catch (error) {
      this.#harmed = (error as { code?: unknown }).code === "DATABASE_REPLACED";
    }
  }
}

function rowOf({ number, facts }: Lane, secondsLeft: number | null): Omit<Row, "attempt" | "at"> {
  const { phase, step, totalSteps, epochs, loss, tokensPerSecond } = facts;
  return {
    ...{ lane: number, phase, step, total_steps: totalSteps, loss },
    epoch: epochs === null || totalSteps === 0 ? null : (step / totalSteps) * epochs,
    ...{ tokens_per_second: tokensPerSecond, seconds_left: secondsLeft },
  };
}
