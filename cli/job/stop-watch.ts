import { experimentStopRequest, stopRequests } from "../store/read.js";
import type { Store } from "../store/store.js";

/** Milliseconds between two checks of the database. */
const EVERY = 1000;

/** Stops runs of one worker. */
type StopRuns = (runs: string[]) => void;

/**
 * Checks at intervals whether another terminal (`lor2c stop`) asks to stop attempts of this job, or all of it. A check
 * that fails is repeated: a database that cannot be read for a moment is no reason to end a training.
 */
export class StopWatch {
  readonly #attempts = new Map<number, { run: string; stop: StopRuns }>();
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly store: Store,
    private readonly experiment: number,
    /** The request from before this job started, which was for an earlier job. */
    private readonly before: string | null,
    private readonly stopAll: () => void,
  ) {
    this.#timer = setInterval(() => this.#look(), EVERY);
  }

  /** Adds the attempts of the runs that one worker trains. */
  add(attempts: ReadonlyMap<string, number>, stop: StopRuns): void {
    for (const [run, attempt] of attempts) this.#attempts.set(attempt, { run, stop });
  }

  remove(attempts: ReadonlyMap<string, number>): void {
    for (const attempt of attempts.values()) this.#attempts.delete(attempt);
  }

  /** Checks the database. Under the write lock no request can come between this check and a claim. */
  wantsEnd(): boolean {
    const request = experimentStopRequest(this.store, this.experiment);
    if (request === null || request === this.before) return false;
    this.dispose();
    this.stopAll();
    return true;
  }

  dispose(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    try {
      if (this.wantsEnd()) return;
      const wanted = new Map<StopRuns, string[]>();
      for (const id of stopRequests(this.store, [...this.#attempts.keys()])) {
        const attempt = this.#attempts.get(id);
        if (!attempt) continue;
        this.#attempts.delete(id); // once is enough
        wanted.set(attempt.stop, [...(wanted.get(attempt.stop) ?? []), attempt.run]);
      }
      for (const [stop, runs] of wanted) stop(runs);
    } catch {
      // The next check is a second away.
    }
  }
}
