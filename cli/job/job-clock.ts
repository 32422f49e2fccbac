import type { PlannedCell } from "../plan/cell.js";
import { costOf, type Share } from "../plan/share-out.js";
import { epochsOf, laneEvaluations } from "../plan/tree.js";
import { OUTCOMES, type WorkerEvent } from "../protocol/messages.js";
import type { Lane } from "./lane.js";
import type { JobListener } from "./model.js";
import type { TimeLeft } from "./reporter.js";
import type { RunState } from "./run-state.js";
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
  /** Lanes of the tree, and the epochs that it still trains after `step`, as its worker said last; null before. */
  lanes: { count: number; epochsLeft: number } | null;
  /** Of the newest evaluation; the split is null as long as this process has seen none. */
  evaluatedStep: number;
  evaluatedSplit: string | null;
  /** Its lanes heard of so far, and the seconds of all of them: counted when all have been heard of. */
  evaluated: { lanes: number; seconds: number };
  done: number;
  trainSeconds: number;
  evaluations: number;
  evaluateSeconds: number;
  finishes: number;
  finishSeconds: number;
}

const UNDONE: ReadonlySet<RunState> = new Set(["stopped", "skipped"]);
const OVER: ReadonlySet<RunState> = new Set([...OUTCOMES, "skipped", "elsewhere"]);

/** Follows the shares of a job by what is reported of their cells. */
export class JobClock implements JobListener {
  readonly #shares: Seen[] = [];
  readonly #of = new Map<string, Seen>();
  /** Told last. */
  #fraction = 0;

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

  lane(): void {}

  states(runs: readonly string[], state: RunState): void {
    for (const run of runs) this.#state(run, state);
  }

  event({ runs }: Pick<Lane, "runs">, event: WorkerEvent): void {
    const share = this.#of.get(runs[0] ?? "");
    if (!share) return;
    switch (event.type) {
      case "started":
        if (share.tree.size === 0) this.#beginTree(share, event.resumed_step ?? 0);
        for (const run of runs) {
          const planned = share.open.get(run);
          if (planned) share.tree.set(run, planned);
        }
        return;
      case "progress":
        countEvaluated(share);
        advance(share, event.step, event.lanes);
        share.lanes = { count: event.lanes, epochsLeft: event.lane_epochs_left };
        share.trainSeconds += this.#sinceMark(share);
        return;
      case "metrics":
        if (event.split !== "train") this.#evaluated(share, event.step, event.split);
        return;
      case "tree":
        countEvaluated(share);
        share.mark = this.now();
        return;
      case "finished":
        share.finishes += runs.length;
        share.finishSeconds += this.#sinceMark(share);
        return;
      default:
        return;
    }
  }

  #state(run: string, state: RunState): void {
    const share = this.#of.get(run);
    if (!share) return;
    if (state === "running") share.begunAt ??= this.now();
    const planned = share.open.get(run);
    if (!OVER.has(state) || !planned) return;
    share.open.delete(run);
    share.tree.delete(run);
    if (UNDONE.has(state)) share.undone.set(run, planned);
  }

  look(): TimeLeft {
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
    // More may be left than was foreseen: a bar that goes back would be worse than one that waits.
    this.#fraction = Math.max(this.#fraction, over ? fraction : Math.min(fraction, 0.99));
    return { fraction: this.#fraction, secondsLeft: timeLeft(stands, this.slots) };
  }

  #beginTree(seen: Seen, step: number): void {
    seen.trainedFrom ??= this.now();
    seen.mark = this.now();
    seen.step = step;
    seen.lanes = null;
    seen.evaluatedStep = step;
    seen.evaluatedSplit = null;
  }

  /** Heard once for each lane and split, all at once; replayed ones of earlier steps are no news. */
  #evaluated(seen: Seen, step: number, split: string): void {
    if (step > seen.evaluatedStep) {
      countEvaluated(seen);
      advance(seen, step, seen.lanes?.count);
      seen.evaluatedStep = step;
      seen.evaluatedSplit = split;
      seen.evaluated.seconds = this.#sinceMark(seen);
    }
    if (step === seen.evaluatedStep && split === seen.evaluatedSplit) seen.evaluated.lanes++;
  }

  #sinceMark(seen: Seen): number {
    const from = seen.mark;
    seen.mark = this.now();
    return (seen.mark - from) / 1000;
  }

  #standOf(seen: Seen): ShareStand {
    const { kind, open, tree, begunAt, trainedFrom, done, trainSeconds, evaluations, evaluateSeconds } = seen;
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
      left: leftOf(seen) + costOf(notBegun),
      evaluations,
      evaluateSeconds,
      evaluationsLeft: evaluationsLeftOf(seen) + laneEvaluations(notBegun),
      evalRows: training[0]?.inspected.eval_rows ?? notBegun[0]?.inspected.eval_rows ?? 0,
      open: open.size,
      finishes,
      finishSeconds,
    };
  }
}

/** `lanes`: how many have trained since the last time; as many as planned where the worker has not said yet. */
function advance(seen: Seen, step: number, lanes: number | undefined): void {
  if (step <= seen.step) return;
  const [from, to] = [at(seen.tree, seen.step), at(seen.tree, step)];
  const tree = [...seen.tree.values()];
  seen.done += lanes === undefined ? costOf(tree, from) - costOf(tree, to) : lanes * (to - from) * rowsOf(seen.tree);
  if (seen.lanes) seen.lanes.epochsLeft = Math.max(0, seen.lanes.epochsLeft - seen.lanes.count * (to - from));
  seen.step = step;
}

function countEvaluated(seen: Seen): void {
  seen.evaluations += seen.evaluated.lanes;
  seen.evaluateSeconds += seen.evaluated.seconds;
  seen.evaluated = { lanes: 0, seconds: 0 };
}

/** Cost of what the tree still trains: cells that were planned apart often stay one lane, which its worker foresees. */
function leftOf({ tree, step, lanes }: Seen): number {
  return lanes === null || tree.size === 0
    ? costOf([...tree.values()], at(tree, step))
    : lanes.epochsLeft * rowsOf(tree);
}

/** Evaluations of a lane: about one for each epoch that it still trains, and that of what it trained since its last. */
function evaluationsLeftOf({ tree, step, lanes, evaluatedStep }: Seen): number {
  if (lanes === null || tree.size === 0) return laneEvaluations([...tree.values()], at(tree, evaluatedStep));
  return lanes.epochsLeft + lanes.count * (at(tree, step) - at(tree, evaluatedStep));
}

function rowsOf(tree: ReadonlyMap<string, PlannedCell>): number {
  const [cell] = tree.values();
  return cell?.inspected.train_rows ?? 1;
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
    lanes: null,
    evaluatedStep: 0,
    evaluatedSplit: null,
    evaluated: { lanes: 0, seconds: 0 },
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
