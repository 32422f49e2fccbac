import type { PlannedCell } from "../cell.js";
import { epochsOf, evaluationsOf, lanesOf } from "../tree.js";
import { laneOf, shapeOf } from "./work.js";

/** Bytes on disk of the runs of one tree. */
export interface Disk {
  /** Bytes of each run's folder at the end. */
  run: number;
  /** Bytes of its adapter, which are among them. */
  adapter: number;
  /** Bytes that all of them add to the database. */
  database: number;
  /** Bytes of the checkpoints until the runs are over: states and best adapters of the tree. */
  checkpoint: number;
  /** Where none is written: best adapters, the newest and the one before it, and events. */
  withoutCheckpoint: number;
}

const FLOAT = 4;
/** Configs and model card of an adapter; settings and log of a run, below, growth of the log per epoch. */
const CONFIGS = 8_000;
const LOGS = 4_000;
const LOG_OF_EPOCH = 300;
/** Rows of a run with its settings, and of one measured value or score with its index. */
const RUN_ROWS = 6_000;
const VALUE_ROW = 80;
/** Values of an evaluation, and of a report of the training loss. */
const EVALUATION_VALUES = 4;
const REPORT_VALUES = 3;
/** Stored predictions: their header, and of each row its number and label, without its score of each class. */
const PREDICTIONS = 600;
const PREDICTED_ROW = 12;
/** State of a checkpoint: a trained tensor, and its two moments. */
const STATE = 3 * FLOAT;
/** A lane's reported events, which the checkpoint keeps. */
const EVENTS_OF_VALUE = 60;

/** The disk of one tree's cells, each of which keeps its own adapter. */
export function diskOf(cells: readonly PlannedCell[]): Disk {
  const [cell] = cells;
  if (!cell) throw new Error("a tree without cells");
  const saves = cell.inspected.total_steps !== 0;
  const adapter = saves
    ? (shapeOf(cell).saved_parameters + (cell.inspected.head_parameters ?? 0)) * FLOAT + CONFIGS
    : 0;
  const [lanes, { trained, kept }] = [lanesOf(cells), laneOf(cells)];
  const state = lanes * (trained * STATE + kept * FLOAT);
  const values = valuesOf(cell);
  const withoutCheckpoint = 2 * lanes * adapter + lanes * EVENTS_OF_VALUE * values;
  return {
    adapter,
    run: adapter + predictionsOf(cell) + LOGS + LOG_OF_EPOCH * epochsOf(cell),
    database: cells.length * (RUN_ROWS + VALUE_ROW * values),
    // The newest checkpoint and the one before are kept, each with its best adapters.
    checkpoint: 2 * state + withoutCheckpoint,
    withoutCheckpoint,
  };
}

function predictionsOf({ inspected: { eval_rows, label_names } }: PlannedCell): number {
  return PREDICTIONS + (eval_rows ?? 0) * (PREDICTED_ROW + FLOAT * Math.max(1, label_names.length));
}

/** Rows of metrics and of scores of modules. */
function valuesOf(cell: PlannedCell): number {
  const { logging_steps } = cell.settings.train;
  const { scored_modules } = shapeOf(cell);
  const reports = Math.ceil((cell.inspected.total_steps ?? 0) / logging_steps);
  const ends = Math.ceil(epochsOf(cell));
  return reports * REPORT_VALUES + evaluationsOf(cell) * EVALUATION_VALUES + ends * scored_modules;
}
