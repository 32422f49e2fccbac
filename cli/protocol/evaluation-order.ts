import { ProtocolError } from "../errors.js";
import type { EventOf, WorkerCommand, WorkerEvent } from "./messages.js";

type Evaluate = Extract<WorkerCommand, { type: "evaluate" }>;

/** Where one benchmark is in its evaluation. */
interface BenchmarkState {
  asked: Evaluate["benchmarks"][number];
  /** Rows that were told. */
  told: Set<string>;
  /** Rows of the last progress. */
  rows: number;
  over: boolean;
}

/**
 * Checks a worker's events about one `evaluate` command: they name only its benchmarks, tell each row once, go forward,
 * and each benchmark has one result, of the model, adapter, rows and settings that the command names.
 */
export class EvaluationOrder {
  readonly #states: Map<string, BenchmarkState>;
  #stopped = false;

  constructor(private readonly command: Evaluate) {
    this.#states = new Map(
      command.benchmarks.map((asked) => [asked.benchmark, { asked, told: new Set(), rows: 0, over: false }]),
    );
  }

  /** Benchmarks without a result, in the order of the command. */
  get open(): string[] {
    return [...this.#states].filter(([, { over }]) => !over).map(([benchmark]) => benchmark);
  }

  /** Notes that the worker was asked to stop: from now on `done` may leave benchmarks open. */
  stopped(): void {
    this.#stopped = true;
  }

  /** Throws a ProtocolError if the event contradicts those before it. */
  accept(event: WorkerEvent): void {
    if (event.type === "done") this.#checkDone(event);
    if (event.type !== "evaluating" && event.type !== "samples" && event.type !== "evaluated") return;
    const state = this.#states.get(event.benchmark);
    if (!state) throw problem(event, `for ${event.benchmark}, which it was not asked for`);
    if (state.over) throw problem(event, `after the result of ${event.benchmark}`);
    if (event.type === "evaluating") progress(event, state);
    if (event.type === "samples") tell(event, state);
    if (event.type === "evaluated") this.#finish(event, state);
  }

  #finish(event: EventOf<"evaluated">, state: BenchmarkState): void {
    if (event.rows !== state.told.size) {
      throw problem(event, `of ${event.rows} rows of ${event.benchmark}, of which it told ${state.told.size}`);
    }
    const expected = { ...this.command, ...state.asked, protocol: this.command.evaluation.protocol };
    for (const name of ["protocol", "model_hash", "adapter_hash", "data_hash", "settings_hash"] as const) {
      if (event[name] === expected[name]) continue;
      throw problem(event, `of ${event.benchmark} with ${name} ${event[name]}, not ${expected[name]} as planned`);
    }
    state.over = true;
  }

  #checkDone({ request, error }: EventOf<"done">): void {
    const { open } = this;
    if (error !== null || this.#stopped || open.length === 0) return;
    throw new ProtocolError(
      "PROTOCOL_INCOMPLETE",
      `the worker is done with "${request}" without a result of ${open.join(", ")}`,
    );
  }
}

function progress(event: EventOf<"evaluating">, state: BenchmarkState): void {
  if (event.rows > event.total) throw problem(event, `of row ${event.rows} of ${event.total} of ${event.benchmark}`);
  if (event.rows < state.rows) {
    throw problem(event, `of row ${event.rows} of ${event.benchmark}, which was at row ${state.rows} already`);
  }
  state.rows = event.rows;
}

function tell(event: EventOf<"samples">, state: BenchmarkState): void {
  for (const { row } of event.items) {
    if (state.told.has(row)) throw problem(event, `of row ${row} of ${event.benchmark} again`);
    state.told.add(row);
  }
}

const problem = ({ type, seq }: WorkerEvent, what: string): ProtocolError =>
  new ProtocolError("PROTOCOL_MEANING", `the worker sent ${type} (event ${seq}) ${what}`);
