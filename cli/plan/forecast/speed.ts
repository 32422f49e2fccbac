import type { MeasuredTraining } from "../../store/read-measured.js";
import type { PlannedCell } from "../cell.js";
import { stepsPerEpoch } from "../tree.js";
import { type Basis, RULE, SPREAD } from "./basis.js";
import { type Comparable, comparable, type Device, kindOfCell } from "./kind.js";
import { measured, type Range, times, within } from "./range.js";
import { evaluationWork, trainingWork } from "./work.js";

/** Seconds of the parts of a training. */
export interface Speed {
  basis: Basis;
  /** Per training row and lane. */
  trainRow: Range;
  /** Per evaluation row. */
  evaluationRow: Range;
  /** Until a worker is ready. */
  start: Range;
  /** Until it has loaded model and rows. */
  load: Range;
  /** To load and check what a run saved, without the evaluation. */
  finish: Range;
}

/**
 * Operations per second if nothing is stored: one core of a common CPU, and a GPU at the small batches of such runs.
 */
const RULE_RATES = { cpu: 30e9, cuda: 10e12 };
/** Seconds to import the libraries (measured on a CPU); a GPU also has to be initialised. */
const START = within(6, 2);
/** Bytes of weights read per second; the next constant is rows tokenized per second. */
const WEIGHTS_PER_SECOND = 4e8;
const ROWS_PER_SECOND = 1e4;

/** How fast runs like `cell` train on `device`, from stored trainings. */
export function speedOf(cell: PlannedCell, device: Device, stored: readonly MeasuredTraining[]): Speed {
  const found = comparable(kindOfCell(cell, device), stored);
  return found.alike.length > 0 ? ofRunsAlike(cell, found.alike) : ofOthers(cell, device, found);
}

function ofRunsAlike(cell: PlannedCell, alike: readonly MeasuredTraining[]): Speed {
  const sameBatch = alike.filter(({ batch_size }) => batch_size === cell.settings.train.batch_size);
  const rows = sameBatch.length > 0 ? sameBatch : alike;
  const each = (value: (row: MeasuredTraining) => number) => measured(rows.map(value));
  const finish = finishOf(cell);
  const check = (row: MeasuredTraining) => finish.likely + evaluationSeconds(row) * row.eval_rows;
  return {
    basis: { kind: "alike", trainings: rows.length },
    trainRow: each((row) => row.train_seconds / (row.lane_epochs * row.train_rows)),
    evaluationRow: each(evaluationSeconds),
    start: each((row) => Math.max(0, row.wall_seconds - row.train_seconds - row.other_seconds)),
    load: each((row) => Math.max(0, row.other_seconds - row.evaluate_seconds - row.runs * check(row))),
    finish,
  };
}

/** A lane is evaluated at the end of each of its epochs (or every `eval_steps`), and after its last step. */
function evaluationSeconds(row: MeasuredTraining): number {
  const each = row.eval_steps === null ? 1 : stepsPerEpoch(row.train_rows, row) / row.eval_steps;
  return row.evaluate_seconds / (Math.max(row.lanes, row.lane_epochs * each) * row.eval_rows);
}

function ofOthers(cell: PlannedCell, device: Device, found: Comparable): Speed {
  const { basis, rate } = rateOf(device, found);
  const weights = ((cell.inspected.total_parameters ?? 0) * 4) / WEIGHTS_PER_SECOND;
  const rows = ((cell.inspected.train_rows ?? 0) + (cell.inspected.eval_rows ?? 0)) / ROWS_PER_SECOND;
  return {
    basis,
    trainRow: times(rate, trainingWork(cell)),
    evaluationRow: times(rate, evaluationWork(cell)),
    start: START,
    load: within(1 + weights + rows, 2),
    finish: finishOf(cell),
  };
}

const finishOf = ({ inspected }: PlannedCell): Range =>
  within(0.2 + ((inspected.total_parameters ?? 0) * 4) / WEIGHTS_PER_SECOND, 2);

/** Seconds for one operation. */
function rateOf(device: Device, { model, device: others }: Comparable): { basis: Basis; rate: Range } {
  for (const kind of ["model", "device"] as const) {
    const rates = (kind === "model" ? model : others).flatMap(({ train_work, run_train_seconds }) =>
      train_work ? [run_train_seconds / train_work] : [],
    );
    if (rates.length === 0) continue;
    const { low, likely, high } = measured(rates);
    const assumed = within(likely, SPREAD[kind]);
    const rate = { low: Math.min(low, assumed.low), likely, high: Math.max(high, assumed.high) };
    return { basis: { kind, trainings: rates.length }, rate };
  }
  const known = device.name === "cpu" ? RULE_RATES.cpu : RULE_RATES.cuda;
  return { basis: RULE, rate: within(1 / known, SPREAD.rule) };
}
