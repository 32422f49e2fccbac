import { ProtocolError } from "../errors.js";
import { type EventOf, OUTCOMES, type WorkerEvent } from "./messages.js";

/** Where one cell is in its training. */
interface CellState {
  /** Steps and epochs that its training has; null before `started`. */
  end: { steps: number; epochs: number } | null;
  step: number;
  over: boolean;
}

/** Room for the rounding of `step / steps per epoch`. */
const ROUNDING = 1e-9;
const ENDS: ReadonlySet<string> = new Set(OUTCOMES);

/**
 * Checks a worker's events about the cells of one `train` command: a cell starts once, its steps do not go back, it
 * stays within its training, and it has one outcome, after which only log events follow.
 */
export class TrainingOrder {
  readonly #places: Map<string, CellState>;

  constructor(cells: Iterable<string>) {
    this.#places = new Map([...cells].map((cell) => [cell, { end: null, step: 0, over: false }]));
  }

  /** Cells without an outcome, in the order in which they were given. */
  get open(): string[] {
    return [...this.#places].filter(([, { over }]) => !over).map(([cell]) => cell);
  }

  /** Throws a ProtocolError if the event contradicts those before it. */
  accept(event: WorkerEvent): void {
    if (event.type === "done") this.#checkDone(event);
    if (!("cells" in event)) return;
    for (const cell of event.cells) {
      const place = this.#places.get(cell);
      if (!place) throw problem(event, `for cell ${cell}, which it was not given`);
      if (event.type === "log") continue;
      if (place.over) throw problem(event, `after the outcome of cell ${cell}`);
      advance(event, cell, place);
    }
  }

  #checkDone({ request, error }: EventOf<"done">): void {
    const { open } = this;
    if (error !== null || open.length === 0) return;
    const what = open.length === 1 ? `run ${open[0]}` : `${open.length} runs, ${open[0]} among them`;
    throw new ProtocolError(
      "PROTOCOL_INCOMPLETE",
      `the worker is done with "${request}" without an outcome of ${what}`,
    );
  }
}

function advance(event: Extract<WorkerEvent, { cells: string[] }>, cell: string, place: CellState): void {
  if (event.type === "started") {
    if (place.end) throw problem(event, `twice for cell ${cell}`);
    place.end = { steps: event.total_steps, epochs: event.num_epochs };
    if (event.resumed_step !== null) checkStep(event, cell, event.resumed_step, place);
    return;
  }
  if (ENDS.has(event.type)) {
    if (event.type === "finished" && !place.end) throw problem(event, `before cell ${cell} had started`);
    if (event.type === "stopped") checkStep(event, cell, event.step, place);
    place.over = true;
    return;
  }
  if (!place.end) throw problem(event, `before cell ${cell} had started`);
  if (!("step" in event && "epoch" in event)) return;
  checkStep(event, cell, event.step, place);
  if (event.step < place.step) {
    throw problem(event, `of step ${event.step} for cell ${cell}, which was at step ${place.step} already`);
  }
  if (event.epoch > place.end.epochs + ROUNDING) {
    throw problem(event, `of epoch ${event.epoch} for cell ${cell}, whose training has ${place.end.epochs}`);
  }
  place.step = event.step;
}

function checkStep(event: WorkerEvent, cell: string, step: number, { end }: CellState): void {
  if (end && step > end.steps) {
    throw problem(event, `of step ${step} for cell ${cell}, whose training has ${end.steps}`);
  }
}

const problem = ({ type, seq }: WorkerEvent, what: string): ProtocolError =>
  new ProtocolError("PROTOCOL_MEANING", `the worker sent ${type} (event ${seq}) ${what}`);
