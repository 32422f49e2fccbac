/** Reads the runs on the screen from one open database. Any error of it is the caller's. */
import { type AlertRow, alertsMark, alertsOfAttempts, getRun, type RunRow } from "../../store/read.js";
import { openReader, settleLost } from "../../store/reader.js";
import { openStore, type Store } from "../../store/store.js";
import { type CurvesData, loadCurves } from "../../views/curves/data.js";
import { loadTimeline, type TimelineData } from "../../views/timeline/data.js";
import type { LogLine, ScreenData, ScreenRun } from "../data.js";
import { Budget } from "./budget.js";
import { choose, type Shown } from "./choose.js";
import { KeptGrid } from "./grid.js";
import { Kept } from "./kept.js";
import { type Live, NO_LIVE, readLive } from "./live.js";
import { LogTail } from "./log.js";
import { type ReadLosses, readLosses } from "./losses.js";
import { byFilter, byWords, type Matching } from "./matching.js";
import { progressOf } from "./progress.js";
import { WatchedRuns } from "./watched-runs.js";

/** Milliseconds between looks at what the database does not tell: logs and clocks; and whether owners of runs live. */
const TICK = 1000;
const OWNERS = 5000;
/** How long a reading waits for another process's lock: the screen stands still meanwhile. */
const PATIENCE = 200;
/** Runs whose curves and structure are kept, and whose losses. */
const KEPT = 48;
const KEPT_LOSSES = 256;

export interface ReadingOptions {
  /** Part of a core that reading may take. */
  share: number;
  /** Milliseconds between two readings of the database at least. */
  every: number;
  /** In the process of a job, which decides itself what is lost, and has its own log. */
  ofJob: boolean;
  now: () => number;
}

export class Reading {
  readonly store: Store;
  readonly #shown: Shown;
  readonly #runs: WatchedRuns;
  readonly #grid: KeptGrid;
  readonly #tail = new LogTail();
  readonly #budget: Budget;
  readonly #timelines: Kept<TimelineData | null>;
  readonly #curves: Kept<CurvesData | null>;
  readonly #losses: Kept<ReadLosses>;
  readonly #matching: Kept<Matching | null>;
  #live: Live = NO_LIVE;
  #alerts: { mark: string; rows: readonly AlertRow[] } = { mark: "", rows: [] };
  #log: readonly LogLine[] = [];
  #version: number | undefined;
  #ticked = 0;
  #settled: number;
  #data: ScreenData | undefined;

  /** Throws what `lor2c show` would throw for this file and these words. */
  constructor(
    path: string,
    words: readonly string[],
    private readonly options: ReadingOptions,
  ) {
    const { share, every, ofJob, now } = options;
    this.store = ofJob ? openStore(path, { readonly: true }) : openReader(path);
    this.#settled = now();
    try {
      this.store.busyTimeout = PATIENCE;
      this.#shown = choose(this.store, words);
    } catch (error) {
      this.store.close();
      throw error;
    }
    // Half for the table, which is always shown, and half for what is looked at of single runs, so that both go on.
    this.#budget = new Budget(share / 2, now, every);
    const single = new Budget(share / 2, now, every);
    this.#timelines = new Kept(single, KEPT);
    this.#curves = new Kept(single, KEPT);
    this.#losses = new Kept(single, KEPT_LOSSES);
    this.#matching = new Kept(single, 4);
    this.#runs = new WatchedRuns(this.#shown.watched, (run, attempt, mark) => this.#lossesOf(run, attempt, mark));
    this.#grid = new KeptGrid(this.#shown.experiment);
  }

  read(): ScreenData {
    const now = this.options.now();
    this.#settle(now);
    const version = this.store.version();
    if (version !== this.#version && (this.#budget.isFree || this.#version === undefined)) {
      this.#budget.spend(() => this.#readStore(now));
      this.#version = version;
    }
    const ticks = now - this.#ticked >= TICK;
    if (ticks) this.#tick(now);
    return this.#collect(now, ticks);
  }

  timeline(run: string): TimelineData | null {
    return this.#single(this.#timelines, run, loadTimeline);
  }

  curves(run: string): CurvesData | null {
    return this.#single(this.#curves, run, loadCurves);
  }

  /** The attempt of which the data of a run is. */
  attemptOf(run: string): number | null {
    return this.#runs.shownOf(run)?.attempt ?? null;
  }

  matching(filter: string): Matching {
    const { runs } = this.#runs;
    const find = () =>
      byFilter(
        this.store,
        filter,
        runs.map(({ id }) => id),
      );
    return this.#matching.get(filter, String(this.#version), find) ?? byWords(runs, filter);
  }

  close(): void {
    this.store.close();
  }

  /** A runner that was killed writes no more, so that only looking at it tells. */
  #settle(now: number): void {
    if (this.options.ofJob || now - this.#settled < OWNERS || !this.#runs.isTraining) return;
    this.#settled = now;
    // Where nothing can be written, they are lost for this connection alone, which its version does not tell.
    if (settleLost(this.store) > 0) this.#version = undefined;
  }

  #readStore(now: number): void {
    this.#live = readLive(this.store);
    this.#runs.read(this.store, now, this.#live);
    this.#grid.read(this.store, this.#runs.gridMark(), this.#runs.runs.length);
    const { attempts } = this.#runs;
    const mark = `${alertsMark(this.store)} of ${attempts.join()}`;
    if (mark !== this.#alerts.mark) this.#alerts = { mark, rows: alertsOfAttempts(this.store, attempts).toReversed() };
  }

  #tick(now: number): void {
    this.#ticked = now;
    this.#runs.tick(now);
    if (!this.options.ofJob) {
      this.#log = this.#tail.read(this.#runs.logged((folder) => this.store.results.fromStored(folder)));
    }
  }

  #collect(now: number, ticks: boolean): ScreenData {
    const before = this.#data;
    const { runs } = this.#runs;
    const progress = ticks || runs !== before?.runs ? this.#progress(now) : before.progress;
    const { title, experiment } = this.#shown;
    const [grid, alerts, log, { devices }] = [this.#grid.grid, this.#alerts.rows, this.#log, this.#live];
    const data = { title, experiment, progress, runs, grid, log, alerts, devices };
    if (!before || !isSame(before, data)) this.#data = data;
    return this.#data ?? data;
  }

  #progress(now: number): ScreenData["progress"] {
    const { left } = this.#live;
    const seconds = left?.secondsLeft ?? null;
    const secondsLeft = left && seconds !== null ? Math.max(0, Math.round(seconds - (now - left.at) / 1000)) : null;
    const progress = progressOf(this.#runs.runs, { secondsLeft });
    const before = this.#data?.progress;
    return before && JSON.stringify(before) === JSON.stringify(progress) ? before : progress;
  }

  #single<T>(kept: Kept<T | null>, run: string, load: (store: Store, row: RunRow) => T): T | null {
    const shown = this.#runs.shownOf(run);
    if (!shown) return null;
    return kept.get(run, shown.mark, () => {
      const row = getRun(this.store, run);
      return row ? load(this.store, { ...row, attempt_id: shown.attempt }) : null;
    });
  }

  #lossesOf(run: string, attempt: number, mark: string): ScreenRun["losses"] {
    return this.#losses.get(run, mark, (before) => readLosses(this.store, attempt, before)).thinned;
  }
}

const isSame = (a: ScreenData, b: ScreenData): boolean =>
  (Object.keys(a) as (keyof ScreenData)[]).every((key) => a[key] === b[key]);
