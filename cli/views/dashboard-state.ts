import type { CellState, JobProgress, RunPlan } from "../job/reporter.js";
import type { WorkerEvent } from "../protocol/messages.js";
import type { Grid } from "./grid/grid.js";

export interface DashboardCell {
  id: string;
  label: string;
  state: CellState;
  /** Runs of which the newest progress was told at once: they train as one. */
  together: readonly string[];
  phase: "load" | "train" | "evaluate" | "save";
  step: number;
  totalSteps: number;
  epoch: number;
  /** Newest training losses, thinned to a bounded number; null: not finite. */
  losses: (number | null)[];
  /** Progress events that one entry of `losses` stands for. */
  lossesEvery: number;
  lossesSeen: number;
  scoreName: string | null;
  score: number | null;
  majorityScore: number | null;
  tokensPerSecond: number | null;
  secondsLeft: number | null;
  /** Milliseconds of the clock. */
  startedAt: number | null;
  endedAt: number | null;
  /** Why it did not finish. */
  error: string | null;
}

/** A line that is printed once and scrolls away: a run that ended, or a message. */
export type DashboardLine =
  | { key: string; kind: "cell"; cell: DashboardCell }
  | { key: string; kind: "info" | "warn" | "error"; text: string };

export interface DashboardState {
  name: string;
  /** In the order of the plan. */
  cells: ReadonlyMap<string, DashboardCell>;
  lines: readonly DashboardLine[];
  /** What the runner said last of the whole, and when. */
  job: (JobProgress & { at: number }) | null;
  /** Its heatmap as the database has it; null where the runs have no two axes. */
  grid: Grid | null;
  startedAt: number;
  now: number;
}

export type DashboardAction =
  | { type: "begin"; plan: RunPlan; now: number }
  | { type: "event"; cell: string; event: WorkerEvent; now: number }
  | { type: "state"; cell: string; state: CellState; detail?: string; now: number }
  | { type: "message"; level: "info" | "warn" | "error"; text: string; now: number }
  | { type: "progress"; job: JobProgress; now: number }
  | { type: "grid"; grid: Grid | null; now: number }
  | { type: "tick"; now: number };

/** Losses that are kept; twice the width of any terminal is enough for a sparkline. */
const LOSSES = 512;
/** Not over yet; a run that another process trains may still come back to this one. */
export const OPEN: readonly CellState[] = ["planned", "running", "elsewhere"];

export const EMPTY: DashboardState = {
  name: "",
  cells: new Map(),
  lines: [],
  job: null,
  grid: null,
  startedAt: 0,
  now: 0,
};

/** What the dashboard knows after `action`. Pure. */
export function reduce(before: DashboardState, action: DashboardAction): DashboardState {
  const state = { ...before, now: action.now };
  switch (action.type) {
    case "begin":
      return begin(action.plan, action.now);
    case "event":
      return change(state, action.cell, (cell) => applyEvent(cell, action.event, action.now));
    case "state":
      return applyState(state, action);
    case "message": {
      const key = `message-${state.lines.length}`;
      return { ...state, lines: [...state.lines, { key, kind: action.level, text: action.text }] };
    }
    case "progress":
      return { ...state, job: { ...action.job, at: action.now } };
    case "grid":
      return { ...state, grid: action.grid };
    case "tick":
      return state;
  }
}

function begin(plan: RunPlan, now: number): DashboardState {
  const cells = plan.cells.map(
    ({ id, label, state, totalSteps }): DashboardCell => ({
      id,
      label,
      state,
      together: [],
      phase: "load",
      step: 0,
      totalSteps,
      epoch: 0,
      losses: [],
      lossesEvery: 1,
      lossesSeen: 0,
      scoreName: null,
      score: null,
      majorityScore: null,
      tokensPerSecond: null,
      secondsLeft: null,
      startedAt: null,
      endedAt: null,
      error: null,
    }),
  );
  return {
    ...EMPTY,
    name: plan.name,
    cells: new Map(cells.map((cell) => [cell.id, cell])),
    startedAt: now,
    now,
  };
}

function change(state: DashboardState, id: string, update: (cell: DashboardCell) => DashboardCell): DashboardState {
  const cell = state.cells.get(id);
  if (!cell) return state;
  const updated = update(cell);
  return updated === cell ? state : { ...state, cells: new Map(state.cells).set(id, updated) };
}

/** A cell that leaves the open states gets its line, once. */
function applyState(
  state: DashboardState,
  { cell: id, state: next, detail, now }: Extract<DashboardAction, { type: "state" }>,
): DashboardState {
  const before = state.cells.get(id);
  if (!before) return state;
  const ended = OPEN.includes(before.state) && !OPEN.includes(next);
  const after: DashboardCell = {
    ...before,
    state: next,
    startedAt: next === "running" ? now : before.startedAt,
    endedAt: ended ? now : before.endedAt,
    error: next === "finished" ? null : (detail ?? before.error),
  };
  const line: DashboardLine = { key: `cell-${id}`, kind: "cell", cell: after };
  return {
    ...state,
    cells: new Map(state.cells).set(id, after),
    lines: ended && !state.lines.some(({ key }) => key === line.key) ? [...state.lines, line] : state.lines,
  };
}

function applyEvent(cell: DashboardCell, event: WorkerEvent, now: number): DashboardCell {
  switch (event.type) {
    case "started":
      return {
        ...cell,
        phase: "train",
        totalSteps: event.total_steps,
        scoreName: event.score_name,
        majorityScore: event.majority_score,
        startedAt: cell.startedAt ?? now,
      };
    case "progress":
      return {
        ...withLoss(cell, event.phase === "train" ? event.loss : null),
        together: event.cells,
        phase: event.phase,
        step: event.step,
        totalSteps: event.total_steps,
        epoch: event.epoch,
        tokensPerSecond: event.tokens_per_second ?? cell.tokensPerSecond,
        secondsLeft: event.seconds_left,
      };
    case "metrics": {
      const diverged = event.split === "train" && event.diverged.includes("loss");
      const score = event.split === "eval" && cell.scoreName !== null ? event.values[cell.scoreName] : undefined;
      if (diverged) return pushLoss(cell, null);
      return score === undefined ? cell : { ...cell, score };
    }
    case "finished":
      return {
        ...cell,
        scoreName: event.score_name,
        score: event.best_score,
        majorityScore: event.majority_score,
        step: cell.totalSteps,
      };
    case "failed":
      return { ...cell, error: `${event.error_type}: ${event.message}` };
    case "out_of_memory":
      return { ...cell, error: event.message };
    default:
      return cell;
  }
}

/** Without a value there is nothing to draw: evaluation, or before the first step. Divergence comes with `metrics`. */
function withLoss(cell: DashboardCell, loss: number | null): DashboardCell {
  if (loss === null) return cell;
  const seen = cell.lossesSeen + 1;
  if (seen % cell.lossesEvery !== 0) return { ...cell, lossesSeen: seen };
  return pushLoss({ ...cell, lossesSeen: seen }, loss);
}

/** When full, pairs become their mean and from then on every second one comes: bounded, and even over the whole run. */
function pushLoss(cell: DashboardCell, loss: number | null): DashboardCell {
  const losses = [...cell.losses, loss];
  if (losses.length < LOSSES) return { ...cell, losses };
  const thinned = Array.from({ length: LOSSES / 2 }, (_, i) => {
    const [first = null, second = null] = losses.slice(2 * i, 2 * i + 2);
    return first === null || second === null ? null : (first + second) / 2;
  });
  return { ...cell, losses: thinned, lossesEvery: cell.lossesEvery * 2 };
}
