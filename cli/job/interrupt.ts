import { Lor2cError } from "../errors.js";
import { killAll } from "../worker/process-tree.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export type Urgency = "stop" | "kill";

/**
 * The user's signals to a running job: the first stops it after its step, the second kills its workers, and the third
 * ends this program, whatever it waits for.
 */
export class Interrupts {
  readonly #stop = new AbortController();
  readonly #kill = new AbortController();
  readonly #release: () => void;
  readonly #end: () => void;
  #cause: string | undefined;

  /** `end`: what the third signal does. */
  constructor(source: NodeJS.EventEmitter = process, end: () => void = endNow) {
    this.#end = end;
    const handlers = SIGNALS.map((name) => [name, () => this.interrupt(name)] as const);
    for (const [name, onSignal] of handlers) source.on(name, onSignal);
    this.#release = () => {
      for (const [name, onSignal] of handlers) source.off(name, onSignal);
    };
  }

  /** Ends the job after its step for a reason other than a signal; never counts as a second signal. */
  stopBecause(cause: string): void {
    if (this.urgency === null) this.interrupt(cause);
  }

  /** `cause`: a signal, or another reason to stop. */
  interrupt(cause: string = SIGNALS[0]): void {
    this.#cause ??= cause;
    if (this.#kill.signal.aborted) this.#end();
    else if (this.#stop.signal.aborted) this.#kill.abort(interrupted());
    else this.#stop.abort(interrupted());
  }

  /** The cause of the first interrupt. */
  get cause(): string {
    return this.#cause ?? "";
  }

  /** Aborted by the first signal. */
  get stop(): AbortSignal {
    return this.#stop.signal;
  }

  /** Aborted by the second one. */
  get kill(): AbortSignal {
    return this.#kill.signal;
  }

  get urgency(): Urgency | null {
    if (this.#kill.signal.aborted) return "kill";
    return this.#stop.signal.aborted ? "stop" : null;
  }

  /** Resolves with `work`, or rejects as soon as the first signal arrives. */
  async during<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {}); // its rejection after an interrupt is ignored
    return Promise.race([work, rejectedBy(this.stop)]);
  }

  /** Waits, but at most until the first signal. */
  async pause(milliseconds: number): Promise<void> {
    if (this.stop.aborted) return;
    await new Promise<void>((resolve) => {
      const over = () => {
        clearTimeout(timer);
        this.stop.removeEventListener("abort", over);
        resolve();
      };
      const timer = setTimeout(over, milliseconds);
      this.stop.addEventListener("abort", over);
    });
  }

  /** Restores the default handling of signals. */
  dispose(): void {
    this.#release();
  }
}

/** Exits at once instead of throwing, because the code that would pass on the error may hang. */
function endNow(): void {
  killAll();
  process.exit(130);
}

function interrupted(): Lor2cError {
  return new Lor2cError("INTERRUPTED", "interrupted", undefined, 130);
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
