import type { InvalidCell } from "../plan/plan.js";
import type { ResolvedPlan } from "../plan/resolve-plan.js";
import type { Cell } from "../spec/cell.js";
import type { Devices } from "../spec/devices.js";
import type { EvaluationRequest } from "../spec/evaluate-schema.js";
import type { Keep } from "../spec/keep-schema.js";
import { loadSpec } from "../spec/load.js";
import { CANNOT_RUN } from "../store/read.js";
import type { Store } from "../store/store.js";
import { registerExperiment } from "../store/write.js";

/** The runs that a job trains: those of a spec, or stored ones. */
export interface JobSource {
  /** Name of the experiment. */
  name: string;
  cells: readonly Cell[];
  /** Defaults of --devices, and below, of --jobs. */
  devices: Devices;
  jobs: number | "auto";
  /** After this many failures no further run starts. */
  maxFailures: number;
  notes: readonly string[];
  /** What is evaluated when the runs are trained; null: nothing. */
  evaluate: EvaluationRequest | null;
  /** Which files stay when the job is over. */
  keep: Keep;
  /** Ignore checkpoints. */
  fromScratch: boolean;
  /** Registers the experiment of these runs in the database, or finds it there. Returns its id. */
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
        evaluate: spec.evaluate,
        keep: spec.keep,
        leftOut: [...spec.leftOut, ...invalid.map(leftOutAs)],
      }),
  };
}

const leftOutAs = ({ axes, problems }: InvalidCell) => ({ axes, reason: CANNOT_RUN + problems.join("; ") });
