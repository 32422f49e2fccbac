import type { InvalidCell } from "../plan/plan.js";
import type { ResolvedPlan } from "../plan/resolve-plan.js";
import type { Cell } from "../spec/cell.js";
import type { Devices } from "../spec/devices.js";
import { loadSpec } from "../spec/load.js";
import { CANNOT_RUN } from "../store/read.js";
import type { Store } from "../store/store.js";
import { registerExperiment } from "../store/write.js";

/** What a job trains: the runs of a spec, or runs that are stored. */
export interface JobSource {
  /** Of the experiment. */
  name: string;
  cells: readonly Cell[];
  /** Where and how many at a time, where the command line does not say. */
  devices: Devices;
  jobs: number | "auto";
  /** Failures after which nothing new begins. */
  maxFailures: number;
  notes: readonly string[];
  /** Take no notice of checkpoints. */
  fromScratch: boolean;
  /** Makes the experiment of these runs known to the database, or finds it there; returns its id. */
  register(store: Store, plan: ResolvedPlan): number;
}

/** Throws SpecError. */
export function specSource(file: string, sets: readonly string[] = []): JobSource {
  const spec = loadSpec(file, sets);
  return {
    ...spec,
    fromScratch: false,
    register: (store, { cells, invalid }) =>
      registerExperiment(store, {
        name: spec.name,
        specFile: spec.file,
        specText: spec.text,
        sets,
        cells,
        leftOut: [...spec.leftOut, ...invalid.map(leftOutAs)],
      }),
  };
}

const leftOutAs = ({ axes, problems }: InvalidCell) => ({ axes, reason: CANNOT_RUN + problems.join("; ") });
