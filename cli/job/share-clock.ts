import type { PlannedCell } from "../plan/cell.js";
import { costOf, type Share } from "../plan/share-out.js";
import { epochsOf, evaluationsPerEpoch, laneEvaluations } from "../plan/tree.js";
import { OUTCOMES, type WorkerEvent } from "../protocol/messages.js";
import type { RunState } from "./run-state.js";
import type { ShareTimes } from "./time-left.js";

const UNDONE: ReadonlySet<RunState> = new Set(["stopped", "skipped"]);
const OVER: ReadonlySet<RunState> = new Set([...OUTCOMES, "skipped", "elsewhere"]);

type Cells = Map<string, PlannedCell>;

/**
 * Follows one share: how much its worker has done, how long that took, and how much is left. Times are milliseconds.
 */
export class ShareClock {
  /** Runs that are not over. */
  readonly #open: Cells;
  /** Those that the worker trains, and those that were stopped or not started. */
  readonly #tree: Cells = new Map();
  readonly #undone: Cells = new Map();
  /** Gives the rows and steps of an epoch, which all its runs share. */
  readonly #first: PlannedCell;
  readonly #kind: string;
  #begunAt: number | null = null;
  #trainedFrom: number | null = null;
  /** The end of the newest measurement. */
  #mark = 0;
  #step = 0;
  /** Lanes of the tree, and its remaining epochs after `#step`, from the newest event; null before the first. */
  #lanes: { count: number; epochsLeft: number } | null = null;
  /** The newest evaluation: lanes reported so far, and the seconds of all. It counts when all lanes are reported. */
  #evaluated = { step: 0, split: "", lanes: 0, seconds: 0 };
  readonly #measured = {
    ...{ done: 0, trainSeconds: 0 },
    ...{ evaluations: 0, evaluateSeconds: 0 },
    ...{ finishes: 0, finishSeconds: 0 },
  };

  constructor(
    { cells }: Share,
    private readonly now: () => number,
  ) {
    const [first] = cells;
    if (!first) throw new Error("a share without cells");
    const { model, task, method, train } = first.settings;
    this.#first = first;
    this.#kind = JSON.stringify([model, task, method.name, train.max_length]);
    this.#open = new Map(cells.map((cell) => [cell.id, cell]));
  }

  state(run: string, state: RunState): void {
    if (state === "running") this.#begunAt ??= this.now();
    const cell = this.#open.get(run);
    if (!cell || !OVER.has(state)) return;
    this.#open.delete(run);
    this.#tree.delete(run);
    if (UNDONE.has(state)) this.#undone.set(run, cell);
  }

  event(runs: readonly string[], event: WorkerEvent): void {
    switch (event.type) {
      case "started":
        if (this.#tree.size === 0) this.#beginTree(event.resumed_step ?? 0);
        for (const run of runs) {
          const cell = this.#open.get(run);
          if (cell) this.#tree.set(run, cell);
        }
        return;
      case "progress":
        this.#countEvaluated();
        this.#advance(event.step, event.lanes);
        this.#lanes = { count: event.lanes, epochsLeft: event.lane_epochs_left };
        this.#measured.trainSeconds += this.#sinceMark();
        return;
      case "metrics":
        if (event.split !== "train") this.#evaluate(event.step, event.split);
        return;
      case "tree":
        this.#countEvaluated();
        this.#mark = this.now();
        return;
      case "finished":
        this.#measured.finishes += runs.length;
        this.#measured.finishSeconds += this.#sinceMark();
        return;
      default:
        return;
    }
  }

  /** Cost of runs that were stopped or not started. */
  get undone(): number {
    return costOf([...this.#undone.values()], this.#epoch(this.#step));
  }

  times(): ShareTimes {
    const [begun, from, now] = [this.#begunAt, this.#trainedFrom, this.now()];
    const notBegun = [...this.#open.values()].filter(({ id }) => !this.#tree.has(id));
    return {
      kind: this.#kind,
      state: this.#open.size === 0 ? "over" : begun === null ? "waiting" : "running",
      elapsed: begun === null ? 0 : (now - begun) / 1000,
      startSeconds: begun === null || from === null ? null : (from - begun) / 1000,
      idle: from === null ? 0 : (now - this.#mark) / 1000,
      ...this.#measured,
      left: this.#treeLeft() + costOf(notBegun),
      evaluationsLeft: this.#evaluationsLeft() + laneEvaluations(notBegun),
      evalRows: this.#open.size > 0 ? (this.#first.inspected.eval_rows ?? 0) : 0,
      open: this.#open.size,
    };
  }

  #beginTree(step: number): void {
    this.#mark = this.now();
    this.#trainedFrom ??= this.#mark;
    this.#step = step;
    this.#lanes = null;
    this.#evaluated = { step, split: "", lanes: 0, seconds: 0 };
  }

  /** `lanes`: how many have trained since the last time; as many as planned if the worker has not reported it yet. */
  #advance(step: number, lanes: number | undefined): void {
    if (step <= this.#step) return;
    const [from, to] = [this.#epoch(this.#step), this.#epoch(step)];
    const tree = [...this.#tree.values()];
    this.#measured.done +=
      lanes === undefined ? costOf(tree, from) - costOf(tree, to) : lanes * (to - from) * this.#rows();
    if (this.#lanes) {
      this.#lanes.epochsLeft = Math.max(0, this.#lanes.epochsLeft - this.#lanes.count * (to - from));
    }
    this.#step = step;
  }

  /**
   * Called once for each lane and split, for all at about the same time. Ignores replayed evaluations of earlier
   * steps.
   */
  #evaluate(step: number, split: string): void {
    if (step > this.#evaluated.step) {
      this.#countEvaluated();
      this.#advance(step, this.#lanes?.count);
      this.#evaluated = { step, split, lanes: 0, seconds: this.#sinceMark() };
    }
    if (step === this.#evaluated.step && split === this.#evaluated.split) this.#evaluated.lanes++;
  }

  #countEvaluated(): void {
    const { lanes, seconds } = this.#evaluated;
    this.#measured.evaluations += lanes;
    this.#measured.evaluateSeconds += seconds;
    Object.assign(this.#evaluated, { lanes: 0, seconds: 0 });
  }

  #sinceMark(): number {
    const from = this.#mark;
    this.#mark = this.now();
    return (this.#mark - from) / 1000;
  }

  /** Remaining cost of the tree. Runs that were planned apart often stay one lane, which the worker forecasts. */
  #treeLeft(): number {
    if (this.#tree.size === 0) return 0;
    if (this.#lanes) return this.#lanes.epochsLeft * this.#rows();
    return costOf([...this.#tree.values()], this.#epoch(this.#step));
  }

  /** Evaluations of a lane: as many as the remaining epochs have, counting the steps since its last evaluation. */
  #evaluationsLeft(): number {
    if (this.#tree.size === 0) return 0;
    const evaluated = this.#epoch(this.#evaluated.step);
    if (!this.#lanes) return laneEvaluations([...this.#tree.values()], evaluated);
    const epochs = this.#lanes.epochsLeft + this.#lanes.count * (this.#epoch(this.#step) - evaluated);
    return epochs * evaluationsPerEpoch(this.#first);
  }

  #rows(): number {
    return this.#first.inspected.train_rows ?? 1;
  }

  /** The epoch that is reached at an optimizer step. */
  #epoch(step: number): number {
    const steps = this.#first.inspected.total_steps;
    return steps ? (step / steps) * epochsOf(this.#first) : 0;
  }
}
