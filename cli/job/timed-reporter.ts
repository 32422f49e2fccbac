import type { WorkerEvent } from "../protocol/messages.js";
import type { JobClock } from "./job-clock.js";
import type { CellState, Reporter, RunPlan, RunSummary } from "./reporter.js";

/** Milliseconds between two estimates. */
const EVERY = 1000;

/** Passes everything on, and tells now and then how far the whole job is. */
export class TimedReporter implements Reporter {
  #told = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly inner: Reporter,
    private readonly clock: JobClock,
  ) {}

  begin(plan: RunPlan): void {
    this.inner.begin(plan);
  }

  event(cell: string, event: WorkerEvent): void {
    this.inner.event(cell, event);
    this.clock.event(cell, event);
    this.#tell();
  }

  state(cell: string, state: CellState, detail?: string): void {
    this.inner.state(cell, state, detail);
    this.clock.state(cell, state);
    this.#tell();
  }

  message(level: "info" | "warn" | "error", text: string): void {
    this.inner.message(level, text);
  }

  end(summary: RunSummary): Promise<void> | void {
    return this.inner.end(summary);
  }

  abort(): Promise<void> | void {
    return this.inner.abort?.();
  }

  #tell(): void {
    if (!this.inner.progress || performance.now() - this.#told < EVERY) return;
    this.#told = performance.now();
    this.inner.progress(this.clock.look());
  }
}
