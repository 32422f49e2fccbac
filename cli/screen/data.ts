/** What the full screen shows, of a job of this process (`lor2c run`) or of stored runs (`lor2c watch`). */
import type { RunState } from "../job/run-state.js";
import type { AlertRow } from "../store/read.js";
import type { CurvesData } from "../views/curves/data.js";
import type { Grid } from "../views/grid/grid.js";
import type { TimelineData } from "../views/timeline/data.js";

/** Plain data of one moment. Objects that did not change stay the same, so that what is drawn of them can be kept. */
export interface ScreenData {
  /** Name of the experiment, or a run's label. */
  title: string;
  /** Row of the experiment; null if the runs shown are not of one. */
  experiment: number | null;
  progress: Progress;
  /** In the order of the experiment. */
  runs: readonly ScreenRun[];
  /** Null if the runs have no two axes. Of thousands of runs it comes after the rest. */
  grid: Grid | null;
  log: readonly LogLine[];
  /** Newest first. */
  alerts: readonly AlertRow[];
  devices: readonly DeviceReading[];
}

export interface Progress {
  counts: readonly { state: RunState; count: number }[];
  finished: number;
  total: number;
  /** The done part of the work, 0 to 1. */
  fraction: number;
  /** Seconds until all runs are over; null if not known, or if nothing is in training. */
  secondsLeft: number | null;
}

export interface ScreenRun {
  id: string;
  label: string;
  state: RunState;
  /** Number of the lane in which it trains now; runs of one number train as one. */
  lane: number | null;
  phase: "load" | "train" | "evaluate" | "save" | null;
  step: number;
  totalSteps: number;
  /** Epochs done (fractional), and all of them; 0 if that is not known before the start. */
  epoch: number | null;
  epochs: number;
  scoreName: string | null;
  /** Of a finished run the best score, else the newest. */
  score: number | null;
  /** Of a run that is not finished, the best until now. */
  bestEpoch: number | null;
  majorityScore: number | null;
  collapsed: boolean;
  /** Newest training loss; null before the first, or if it is not finite (`losses` tells them apart). */
  loss: number | null;
  /** Training losses, for a sparkline; at most 512. Null: not finite. Read when they are looked at. */
  losses: readonly (number | null)[];
  tokensPerSecond: number | null;
  /** Seconds in training so far, or that it took. */
  seconds: number | null;
  secondsLeft: number | null;
  /** Why it did not finish. */
  reason: string | null;
  merges: number;
  injections: number;
  trainableParameters: number | null;
  tags: readonly string[];
  /** Dotted settings with several values among the runs shown; the runs pane groups by them. */
  settings: Readonly<Record<string, string | number | boolean | null>>;
}

export interface LogLine {
  /** Milliseconds of the clock. */
  at: number;
  level: "info" | "warn" | "error";
  /** What it is about; none: the whole job. */
  runs: readonly string[];
  /** Name of the run or lane; empty for the whole job. */
  label: string;
  text: string;
}

/** What a device reports now. Null: not measured there. */
export interface DeviceReading {
  host: string;
  /** `cpu` or `cuda:0`. */
  name: string;
  description: string;
  at: number;
  /** Bytes. */
  memoryUsed: number | null;
  memoryTotal: number | null;
  /** Share of the time in which it computed, from 0 to 1. */
  utilization: number | null;
  /** Degrees Celsius. */
  temperature: number | null;
  /** Watts. */
  power: number | null;
}

/** A column of values that a user asked for. */
export interface RunColumn {
  heading: string;
  better: "higher" | "lower" | null;
  /** By run; absent or null: the run has none. */
  values: ReadonlyMap<string, string | number | boolean | null>;
}

export type AddedColumns = { columns: readonly RunColumn[] } | { problem: string };

/** Where the screen's data comes from. Reading may block for some milliseconds; the screen decides how often. */
export interface ScreenSource {
  /** The data of now. The same object as before if nothing changed, also in what `timeline` and `curves` return. */
  read(): ScreenData;
  /**
   * The structure over the epochs of one run; null for a run that is not stored yet. Kept until the run changes; of one in
   * training it may be some seconds old.
   */
  timeline(run: string): TimelineData | null;
  /** Losses and scores over the epochs of one run. Kept until the run changes. */
  curves(run: string): CurvesData | null;
  /** The runs that a filter names: the language of `--where`, else words of the label. Null and a message if wrong. */
  matching(filter: string): { runs: ReadonlySet<string> } | { problem: string };
  /** Columns in the language of `compare --columns`. Kept until something stored changes. */
  columns(text: string): AddedColumns;
  close(): void;
}
