import type { MeasuredTraining } from "../../store/read-measured.js";
import type { PlannedCell } from "../cell.js";
import { lanesOf } from "../tree.js";
import { activations } from "./activations.js";
import { type Basis, RULE } from "./basis.js";
import { comparable, type Device, kindOfCell } from "./kind.js";
import { languageActivations, languageWeights } from "./language-memory.js";
import { measured, type Range } from "./range.js";
import { isLanguageModel, laneOf, shapeOf } from "./work.js";

export interface Memory {
  /** Bytes: of a worker's process on a CPU, of its tensors on a GPU. */
  bytes: Range;
  basis: Basis;
}

const MIB = 1024 ** 2;
const FLOAT = 4;
/** Python with its libraries, tokenizer and rows, on a CPU (measured: 376 MiB when it is ready). */
const PROCESS = 380 * MIB;
/** Memory that bfloat16 products keep on a CPU for each shape of a batch (measured: 350 to 580 MiB after 64 steps). */
const PREPARED_PRODUCTS = 450 * MIB;
const STEPS_TO_MEET_ALL_SHAPES = 64;
/** Margins on the memory of similar workers (see `measured`); small, because other programs do not change it. */
const MARGINS = [1.3, 1.2, 1.1];

/** Peak of a worker that trains these cells as one tree. */
export function memoryOf(cells: readonly PlannedCell[], device: Device, stored: readonly MeasuredTraining[]): Memory {
  const [cell] = cells;
  if (!cell) throw new Error("a tree without cells");
  const lanes = lanesOf(cells);
  const alike = comparable(kindOfCell(cell, device), stored).alike.filter(
    (row) => row.batch_size === cell.settings.train.batch_size && row.lanes >= lanes && row.lanes <= 2 * lanes,
  );
  if (alike.length > 0) {
    return {
      bytes: measured(
        alike.map((row) => row.peak_memory),
        MARGINS,
      ),
      basis: { kind: "alike", trainings: alike.length },
    };
  }
  return { bytes: byShapes(cell, lanes * laneBytes(cells), device), basis: RULE };
}

/**
 * One lane goes through the model at a time on a CPU; a GPU takes as many as fit, so it needs the memory of at least
 * one. `lanes`: the bytes of their own tensors.
 */
function byShapes(cell: PlannedCell, lanes: number, device: Device): Range {
  const { inspected, settings } = cell;
  const { train_row_tokens, longest_row_tokens } = shapeOf(cell);
  const mixed = inspected.fingerprint?.precision === "mixed";
  const onCpu = device.name === "cpu";
  const language = isLanguageModel(cell);
  // Its weights, those of the model that checks the saved adapter at the end, and bfloat16 copies.
  const weights = language ? languageWeights(cell) : (inspected.total_parameters ?? 0) * FLOAT * (mixed ? 2.5 : 2);
  const known = weights + lanes + (onCpu ? PROCESS : 0);
  const shapes = Math.min(1, (inspected.total_steps ?? 0) / STEPS_TO_MEET_ALL_SHAPES);
  const prepared = onCpu && mixed ? PREPARED_PRODUCTS * shapes : 0;
  const batch = settings.train.batch_size;
  if (language) {
    const { low, likely, high } = languageActivations(cell);
    return {
      low: 0.8 * (known + low),
      likely: known + prepared + likely,
      high: 1.15 * (known + 1.5 * prepared + high),
    };
  }
  const average = activations(cell, batch, train_row_tokens);
  // The average of many rows hardly varies; a small batch will have the longest rows at some time.
  const largest = train_row_tokens * (1 + 1 / Math.sqrt(batch));
  const longest = activations(cell, batch, Math.max(train_row_tokens, longest_row_tokens));
  return {
    low: 0.8 * (known + average),
    likely: known + prepared + Math.min(longest, activations(cell, batch, largest)),
    high: 1.15 * (known + 1.5 * prepared + longest),
  };
}

/** Bytes of what each lane of a bundle has of its own: value, gradient and two moments of every tensor, and what it keeps. */
export function laneBytes(cells: readonly PlannedCell[]): number {
  const { trained, kept } = laneOf(cells);
  return FLOAT * (4 * trained + kept);
}
