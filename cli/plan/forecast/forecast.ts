import { KEEPS_ALL } from "../../spec/keep-schema.js";
import type { MeasuredTraining } from "../../store/read-measured.js";
import type { PlannedCell } from "../cell.js";
import type { Share } from "../share-out.js";
import { epochsOf, lanesOf } from "../tree.js";
import { type Basis, poorest, RULE } from "./basis.js";
import { diskOf } from "./disk.js";
import { type Device, kindOfCell } from "./kind.js";
import { type Memory, memoryOf } from "./memory.js";
import { combined, exactly, type Range } from "./range.js";
import { type Speed, speedOf } from "./speed.js";
import { diskOfJob, type Keeping, largest } from "./stays.js";
import { jobSeconds, runSeconds, treeSeconds } from "./time.js";
import { trainingWork } from "./work.js";

/** The forecast cost of one run. */
export interface RunForecast {
  /** Id of the run. */
  id: string;
  seconds: Range;
  secondsBasis: Basis;
  /** Bytes of its folder at the end. */
  disk: number;
  /** Peak memory of its worker, in bytes. */
  memory: Range;
  memoryBasis: Basis;
  /** Floating-point operations of its steps. With the measured time they give the device's speed. */
  trainWork: number;
}

/** The forecast cost of all remaining runs together. */
export interface JobForecast {
  /** In the order of their trees. */
  runs: RunForecast[];
  /** Workers at a time. */
  workers: number;
  seconds: Range;
  /** Runs may end before their last epoch (train.early_stopping_patience); the seconds are those of all epochs. */
  mayEndEarly: boolean;
  /** The poorest basis of its runs. */
  secondsBasis: Basis;
  /**
   * Bytes that stay. `peakDisk` includes checkpoints, which are deleted when their runs are over, and adapters that the
   * spec does not keep.
   */
  disk: number;
  peakDisk: number;
  /** Whether there are adapters that do not stay. */
  adaptersGo: boolean;
  /** Whether there are checkpoints until the runs are over. */
  checkpoints: boolean;
  /** Bytes of the largest worker; the next field is for all that train at a time. */
  memory: Range;
  memoryOfAll: Range;
  memoryBasis: Basis;
}

export interface Circumstances {
  /** Workers at a time. */
  slots: number;
  device: Device;
  /** The measured cost of earlier trainings. */
  stored: readonly MeasuredTraining[];
  /** Default: all adapters stay. */
  keeping?: Keeping;
}

const KEEPING: Keeping = { ...KEEPS_ALL, evaluates: false };

/** `shares`: what each worker trains, in the order of their start. Pure. */
export function forecastJob(
  shares: readonly Share[],
  { slots, device, stored, keeping = KEEPING }: Circumstances,
): JobForecast {
  const speeds = new Map<string, Speed>();
  const memories = new Map<string, Memory>();
  const trees = shares.map(({ cells }) => {
    const cell = cells[0] as PlannedCell;
    // Runs that differ only in their seed are equally fast, so the stored trainings are searched once for them.
    const key = JSON.stringify([
      kindOfCell(cell, device),
      cell.settings.train.batch_size,
      { ...cell.inspected, seq: 0, index: 0 },
    ]);
    const speed = remembered(speeds, key, () => speedOf(cell, device, stored));
    const memory = remembered(memories, `${lanesOf(cells)} ${key}`, () => memoryOf(cells, device, stored));
    const disk = diskOf(cells);
    const runs = cells.map((cell): RunForecast => {
      const work = trainingWork(cell) * epochsOf(cell) * (cell.inspected.train_rows ?? 0);
      const seconds = runSeconds(cell, cells, speed);
      const { bytes, basis } = memory;
      return {
        ...{ id: cell.id, seconds, secondsBasis: speed.basis, disk: disk.run },
        ...{ memory: bytes, memoryBasis: basis, trainWork: work },
      };
    });
    return { runs, cells, disk, memory, seconds: treeSeconds(cells, speed), basis: speed.basis };
  });
  const workers = Math.min(slots, Math.max(1, shares.length));
  const peaks = trees.map(({ memory }) => memory.bytes);
  return {
    runs: trees.flatMap(({ runs }) => runs),
    workers,
    seconds:
      trees.length === 0
        ? exactly(0)
        : jobSeconds(
            trees.map(({ seconds }) => seconds),
            workers,
          ),
    mayEndEarly: shares.some(({ cells }) =>
      cells.some(({ settings }) => typeof settings.train.early_stopping_patience === "number"),
    ),
    secondsBasis: poorestOf(trees.map(({ basis }) => basis)),
    ...diskOfJob(trees, workers, keeping),
    adaptersGo: keeping.adapters !== "all",
    checkpoints: keeping.checkpoints !== "none",
    memory: combined(peaks, (bytes) => Math.max(0, ...bytes)),
    memoryOfAll: combined(peaks, (bytes) => largest(bytes, workers)),
    memoryBasis: poorestOf(trees.map(({ memory }) => memory.basis)),
  };
}

function remembered<T>(known: Map<string, T>, key: string, find: () => T): T {
  const value = known.get(key) ?? find();
  known.set(key, value);
  return value;
}

const poorestOf = (bases: readonly Basis[]): Basis => (bases.length === 0 ? RULE : poorest(bases));
