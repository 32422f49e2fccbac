import type { CompareData } from "../views/compare/data.js";
import type { Grid } from "../views/grid/grid.js";
import type { SeedCurves } from "../views/seeds/data.js";

/** Everything that a report says; it is inside the file as JSON. */
export interface ReportData {
  /** The experiment's name, or what was asked for. */
  name: string;
  /** Null for runs that were not asked for by an experiment. */
  experiment: ReportExperiment | null;
  /** How many runs are in which state. */
  states: Record<string, number>;
  compare: CompareData;
  /** Null where the runs are no grid. */
  grid: Grid | null;
  /** What the grid's cells are made of, by run. */
  runs: Record<string, ReportRun>;
  curves: SeedCurves;
  losses: SeedCurves;
  timelines: ReportTimeline[];
  /** Rows of the comparison whose timelines are left out, since the report would get too large. */
  timelines_left_out: number;
  environment: ReportFact[];
}

interface ReportExperiment {
  id: number;
  spec_text: string;
  /** `--set` arguments of the command line. */
  sets: string[];
  created_at: string;
  last_run_at: string;
}

export interface ReportRun {
  label: string;
  seed: number;
  state: string;
  score: number | null;
  best_epoch: number | null;
  trainable_parameters: number | null;
  seconds: number | null;
}

/** Of the first seed of a row. Only runs with scores of modules, or with changes. */
export interface ReportTimeline {
  run: string;
  label: string;
  score_name: string | null;
  layers: number;
  epochs: number[];
  /** A module after an epoch: place of the epoch, first and last layer, kind, score (null: not finite or none). */
  modules: [epoch: number, from: number, to: number, kind: string, score: number | null][];
  /** As in `lor2c show RUN timeline`. */
  changes: string[];
}

/** A value of the environment; several where runs differ. */
export interface ReportFact {
  name: string;
  values: { value: string; runs: number }[];
}
