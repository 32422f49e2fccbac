import { OUTCOMES, type WorkerEvent } from "../protocol/messages.js";
import type { PlannedCell } from "../spec/cell.js";
import { epochsOf, laneEvaluations } from "../spec/tree.js";
import type { CellState, JobProgress } from "./reporter.js";
import { costOf, type Share } from "./share-out.js";
import { type ShareStand, timeLeft } from "./time-left.js";

/** What has happened to a share. Times are milliseconds of the clock. */
interface Seen {
  kind: string;
  /** Cells that are not over, and those of them that the worker has begun to train: a tree, which goes on together. */
  open: Map<string, PlannedCell>;
  tree: Map<string, PlannedCell>;
  /** Cells that were stopped or not started: nobody waits for them, and they are not done. */
  undone: Map<string, PlannedCell>;
  begunAt: number | null;
  trainedFrom: number | null;
  /** End of what the newest measurement covers. */
  mark: number;
  step: number;
  /** Of the newest evaluation. */
  evaluatedStep: number;
  done: number;
  trainSeconds: number;
  evaluations: number;
  evaluateSeconds: number;
  finishes: number;
  finishSeconds: number;
}

const UNDONE: ReadonlySet<CellState> = new Set(["stopped", "skipped"]);
const OVER: ReadonlySet<CellState> = new Set([...OUTCOMES, "skipped", "elsewhere"]);

/** Follows the shares of a job by what is reported of their cells. */
export class JobClock {
  readonly #shares: Seen[] = [];
  readonly #of = new Map<string, Seen>();

  constructor(
    private readonly slots: number,
    private readonly now: () => number = Date.now,
  ) {}

  /** In the order in which they will begin. */
  add(shares: readonly Share[]): void {
    for (const share of shares) {
      const seen = unseen(share);
      this.#shares.push(seen);
      for (const { id } of share.cells) this.#of.set(id, seen);
    }
  }

  state(cell: string, state: CellState): void {
    const seen = this.#of.get(cell);
    if (!seen) return;
    if (state === "running") seen.begunAt ??= this.now();
    const planned = seen.open.get(cell);
    if (!OVER.has(state) || !planned) return;
    seen.open.delete(cell);
    seen.tree.delete(cell);
    if (UNDONE.has(state)) seen.undone.set(cell, planned);
  }

  /** The same event may come once for each of its cells. */
  event(cell: string, event: WorkerEvent): void {
    const seen = this.#of.get(cell);
    const planned = seen?.open.get(cell);
    if (!seen || !planned) return;
    switch (event.type) {
      case "started":
        if (seen.tree.size === 0) this.#beginTree(seen, event.resumed_step ?? 0);
        seen.tree.set(cell, planned);
        return;
      case "progress":
        advance(seen, event.step);
        seen.trainSeconds += this.#sinceMark(seen);
        return;
      case "metrics":
        // One event for each lane and split, all at once; replayed ones of earlier steps are no news.
        if (event.split === "train" || event.step <= seen.evaluatedStep) return;
        advance(seen, event.step);
        evaluated(seen, event.step);
        seen.evaluateSeconds += this.#sinceMark(seen);
        return;
      case "tree":
        seen.mark = this.now();
        return;
      case "finished":
        seen.finishes++;
        seen.finishSeconds += this.#sinceMark(seen);
        return;
      default:
        return;
    }
  }

  look(): JobProgress {
    const stands = this.#shares.map((seen) => this.#standOf(seen));
    const done = stands.reduce((sum, stand) => sum + stand.done, 0);
    const undone = this.#shares.reduce(
      (sum, { undone, step }) => sum + costOf([...undone.values()], at(undone, step)),
      0,
    );
    const left = stands.reduce((sum, stand) => sum + stand.left, undone);
    const fraction = done + left > 0 ? done / (done + left) : 1;
    // The last step is not the end: its evaluation and what is saved are counted in seconds alone.
    const over = stands.every(({ state }) => state === "over");
    return { fraction: over ? fraction : Math.min(fraction, 0.99), secondsLeft: timeLeft(stands, this.slots) };
  }

  #beginTree(seen: Seen, step: number): void {
    seen.trainedFrom ??= this.now();
    seen.mark = this.now();
    seen.step = step;
    seen.evaluatedStep = step;
  }

  #sinceMark(seen: Seen): number {
    const from = seen.mark;
    seen.mark = this.now();
    return (seen.mark - from) / 1000;
  }

  #standOf(seen: Seen): ShareStand {
    const { kind, open, tree, begunAt, trainedFrom, step, done, trainSeconds, evaluations, evaluateSeconds } = seen;
    const { finishes, finishSeconds } = seen;
    const now = this.now();
    const training = [...tree.values()];
    const notBegun = [...open.values()].filter(({ id }) => !tree.has(id));
    return {
      kind,
      state: open.size === 0 ? "over" : begunAt === null ? "waiting" : "running",
      elapsed: begunAt === null ? 0 : (now - begunAt) / 1000,
      startSeconds: begunAt === null || trainedFrom === null ? null : (trainedFrom - begunAt) / 1000,
      idle: trainedFrom === null ? 0 : (now - seen.mark) / 1000,
      done,
      trainSeconds,
      left: costOf(training, at(tree, step)) + costOf(notBegun),
      evaluations,
      evaluateSeconds,
      evaluationsLeft: laneEvaluations(training, at(tree, seen.evaluatedStep)) + laneEvaluations(notBegun),
      evalRows: training[0]?.inspected.eval_rows ?? notBegun[0]?.inspected.eval_rows ?? 0,
      open: open.size,
      finishes,
      finishSeconds,
    };
  }
}

function advance(seen: Seen, step: number): void {
  if (step <= seen.step) return;
  const tree = [...seen.tree.values()];
  seen.done += costOf(tree, at(seen.tree, seen.step)) - costOf(tree, at(seen.tree, step));
  seen.step = step;
}

function evaluated(seen: Seen, step: number): void {
  const tree = [...seen.tree.values()];
  seen.evaluations +=
    laneEvaluations(tree, at(seen.tree, seen.evaluatedStep)) - laneEvaluations(tree, at(seen.tree, step));
  seen.evaluatedStep = step;
}

function unseen(share: Share): Seen {
  const { settings } = share.cells[0] as PlannedCell;
  return {
    kind: JSON.stringify([settings.model, settings.task, settings.method.name, settings.train.max_length]),
    open: new Map(share.cells.map((cell) => [cell.id, cell])),
    tree: new Map(),
    undone: new Map(),
    begunAt: null,
    trainedFrom: null,
    mark: 0,
    step: 0,
    evaluatedStep: 0,
    done: 0,
    trainSeconds: 0,
    evaluations: 0,
    evaluateSeconds: 0,
    finishes: 0,
    finishSeconds: 0,
  };
}

/** The epoch that a tree has reached at optimizer step `step`. */
function at(tree: ReadonlyMap<string, PlannedCell>, step: number): number {
  const [cell] = tree.values();
  return cell?.inspected.total_steps ? (step / cell.inspected.total_steps) * epochsOf(cell) : 0;
}
