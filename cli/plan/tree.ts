import type { PlannedCell } from "./cell.js";

type Treeable = Pick<PlannedCell, "settings" | "inspected">;

/**
 * Which events separate cells: all planned ones, or only those that will probably find a candidate. On few layers most
 * cells of a grid run out of candidates and stay together.
 */
type Course = "planned" | "probable";

const eventsOf = ({ inspected: { events } }: Treeable, course: Course) =>
  course === "planned" ? events : events.filter(({ probable }) => probable);

/** Optimizer steps of an epoch; its last batch, and its last accumulation, may be smaller. */
export const stepsPerEpoch = (
  rows: number,
  train: { batch_size: number; gradient_accumulation_steps: number },
): number => Math.ceil(Math.ceil(rows / train.batch_size) / train.gradient_accumulation_steps);

/** Evaluations of a lane in an epoch: one at its end, or one for every `train.eval_steps` steps. */
export function evaluationsPerEpoch({ settings: { train }, inspected }: Treeable): number {
  const every = train.eval_steps ?? null;
  return every === null ? 1 : Math.max(1, stepsPerEpoch(inspected.train_rows ?? 0, train)) / every;
}

/** Evaluations of a cell that trains alone; the last is that of its last step, or the only one without steps. */
export const evaluationsOf = (cell: Treeable): number =>
  Math.max(1, wholeUp(epochsOf(cell) * evaluationsPerEpoch(cell)));

/** Rounded up, but for the error of a quotient of whole numbers. */
const wholeUp = (value: number): number => Math.ceil(value * (1 - 1e-12));

/** Epochs that a cell trains, fractional where `max_steps` cuts one short. */
export function epochsOf({ settings: { train }, inspected }: Treeable): number {
  const perEpoch = stepsPerEpoch(inspected.train_rows ?? 0, train);
  if (perEpoch === 0 || inspected.total_steps === null) return train.num_train_epochs;
  return Math.min(train.num_train_epochs, inspected.total_steps / perEpoch);
}

/**
 * The epoch at whose end two cells of a bundle part: that of the first event that differs. Infinite
 * for cells that never do.
 */
function partingOf(a: Treeable, b: Treeable, course: Course): number {
  const [mine, theirs] = [eventsOf(a, course), eventsOf(b, course)];
  for (let i = 0; i < Math.max(mine.length, theirs.length); i++) {
    const [x, y] = [mine[i], theirs[i]];
    if (x?.key === y?.key && x?.epoch === y?.epoch) continue;
    return Math.min(x?.epoch ?? Number.POSITIVE_INFINITY, y?.epoch ?? Number.POSITIVE_INFINITY);
  }
  return Number.POSITIVE_INFINITY;
}

/** Cells in the order of a walk through their tree, so that those that part last are neighbours. */
function inTreeOrder<T extends Treeable>(cells: readonly T[], course: Course): T[] {
  return cells.toSorted((a, b) => {
    const [mine, theirs] = [eventsOf(a, course), eventsOf(b, course)];
    for (let i = 0; i < Math.max(mine.length, theirs.length); i++) {
      const [x, y] = [mine[i], theirs[i]];
      if (!x || !y) return x ? -1 : 1;
      if (x.epoch !== y.epoch) return x.epoch - y.epoch;
      if (x.key !== y.key) return x.key < y.key ? -1 : 1;
    }
    return 0;
  });
}

/**
 * The lane-epochs that each cell of `ordered` adds to those before it: what it trains after parting from the last one.
 * Counts only epochs after `from`.
 */
function addedEpochs(ordered: readonly Treeable[], course: Course, from = 0): number[] {
  return ordered.map((cell, i) => {
    const before = ordered[i - 1];
    return Math.max(0, epochsOf(cell) - Math.max(from, before ? partingOf(before, cell, course) : 0));
  });
}

/**
 * Epochs that one tree of these cells of a bundle trains, if every planned event finds a candidate, or the probable
 * ones. `from`: count only what is left after this epoch, which may be fractional.
 */
export const laneEpochs = (cells: readonly Treeable[], course: Course, from = 0): number =>
  addedEpochs(inTreeOrder(cells, course), course, from).reduce((sum, added) => sum + added, 0);

/** Lanes that a tree of these cells of one bundle has at its end: probably, or if every event finds a candidate. */
export const lanesOf = (cells: readonly Treeable[], course: Course = "probable"): number =>
  lanesThat(cells, course, (parting, cell) => parting < epochsOf(cell));

/** Lanes that it begins with: cells that differ in numbers part before the first step. */
export const firstLanesOf = (cells: readonly Treeable[]): number =>
  lanesThat(cells, "planned", (parting) => parting === 0);

type Parts = (parting: number, cell: Treeable) => boolean;

function lanesThat(cells: readonly Treeable[], course: Course, part: Parts): number {
  const ordered = inTreeOrder(cells, course);
  return ordered.filter((cell, i) => {
    const before = ordered[i - 1];
    return !before || part(partingOf(before, cell, course), cell);
  }).length;
}

/**
 * Evaluations of a lane that probably follow epoch `from`: at the end of every epoch or after every `train.eval_steps`
 * steps, one for each lane that exists by then.
 */
export function laneEvaluations(cells: readonly Treeable[], from = 0): number {
  const course = "probable";
  const ordered = inTreeOrder(cells, course);
  const each = ordered.map((cell, i) => {
    const before = ordered[i - 1];
    const each = evaluationsPerEpoch(cell);
    const parted = before ? wholeUp(partingOf(before, cell, course) * each) : 1;
    const first = Math.max(Math.floor(from * each * (1 + 1e-12)) + 1, parted);
    return Math.max(0, evaluationsOf(cell) - first + 1);
  });
  return each.reduce((sum, count) => sum + count, 0);
}

/** Epochs of the cells when each trains alone. */
export const cellEpochs = (cells: readonly Treeable[]): number => cells.reduce((sum, cell) => sum + epochsOf(cell), 0);

/**
 * Cuts a bundle where its cells share least, into two parts of about equal cost. A single cell stays whole.
 */
export function halve<T extends Treeable>(cells: readonly T[], course: Course = "probable"): T[][] {
  const ordered = inTreeOrder(cells, course);
  const added = addedEpochs(ordered, course);
  let best: { at: number; cost: number } | undefined;
  let left = added[0] ?? 0;
  let right = added.slice(1).reduce((sum, value) => sum + value, 0);
  for (let at = 1; at < ordered.length; at++) {
    const cell = ordered[at];
    const own = added[at] ?? 0;
    // The first cell of the second part trains its trunk again.
    const cost = Math.max(left, right - own + (cell ? epochsOf(cell) : 0));
    if (!best || cost < best.cost) best = { at, cost };
    left += own;
    right -= own;
  }
  return best ? [ordered.slice(0, best.at), ordered.slice(best.at)] : [ordered];
}
