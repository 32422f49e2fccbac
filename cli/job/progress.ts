import type { CellState, Reporter } from "./reporter.js";

/** How each run stands, for the closing summary; every change is told to the view as well. */
export class Progress {
  readonly #states = new Map<string, CellState>();
  readonly #attempts = new Map<string, number>();
  readonly #stderr = new Map<string, string[]>();

  constructor(private readonly reporter: Reporter) {}

  /** Without telling the view: it knows from the plan. */
  begin(cell: string, state: CellState): void {
    this.#states.set(cell, state);
  }

  set(cell: string, state: CellState, detail?: string): void {
    if (this.#states.get(cell) === state) return;
    this.#states.set(cell, state);
    this.reporter.state(cell, state, detail);
  }

  /** The attempt that this process made. */
  setAttempt(cell: string, attempt: number): void {
    this.#attempts.set(cell, attempt);
  }

  setStderr(cell: string, tail: string[]): void {
    this.#stderr.set(cell, tail);
  }

  state(cell: string): CellState {
    return this.#states.get(cell) ?? "planned";
  }

  attempt(cell: string): number | undefined {
    return this.#attempts.get(cell);
  }

  stderr(cell: string): string[] {
    return this.#stderr.get(cell) ?? [];
  }

  /** One that did not end as it should; stopped and skipped ones are the user's wish. */
  get anyFailed(): boolean {
    return [...this.#states.values()].some((state) => FAILURES.has(state));
  }
}

export const FAILURES: ReadonlySet<CellState> = new Set(["failed", "out_of_memory", "lost"]);
