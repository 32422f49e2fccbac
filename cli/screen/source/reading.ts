/** Reads the runs on the screen from one open database. Any error of it is the caller's. */
import { type AlertRow, alertsMark, alertsOfAttempts, getRun, type RunRow } from "../../store/read.js";
import { openReader, settleLost } from "../../store/reader.js";
import { openStore, type Store } from "../../store/store.js";
import { type CurvesData, loadCurves } from "../../views/curves/data.js";
import { loadTimeline, type TimelineData } from "../../views/timeline/data.js";
import type { AddedColumns, LogLine, ScreenData, ScreenRun } from "../data.js";
import { Budget } from "./budget.js";
import type { Shown } from "./choose.js";
import { columnsOf } from "./columns.js";
import { KeptGrid } from "./grid.js";
import { Kept } from "./kept.js";
import { type Live, NO_LIVE, readLive } from "./live.js";
import { type LoggedRun, LogTail, withLogs } from "./log.js";
import { type ReadLosses, readLosses } from "./losses.js";
import { byFilter, byWords, isFilter, type Matching } from "./matching.js";
import { progressOf } from "./progress.js";
import { isSame } from "./same.js";
import { WatchedRuns } from "./watched-runs.js";

/** Milliseconds between looks at what the database does not tell: logs and clocks; and whether owners of runs live. */
const TICK = 1000;
const OWNERS = 5000;
/** How long a reading waits for another process's lock: the screen stands still meanwhile. */
const PATIENCE = 200;
/** So many runs have a grid that takes long to read. */
const MANY = 1500;
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
  readonly #gridBudget: Budget;
  readonly #singleBudget: Budget;
  readonly #timelines: Kept<TimelineData | null>;
  readonly #curves: Kept<CurvesData | null>;
  readonly #losses: Kept<ReadLosses>;
  readonly #matching: Kept<Matching>;
  readonly #columns: Kept<AddedColumns>;
  #live: Live = NO_LIVE;
  #alerts: { mark: string; rows: readonly AlertRow[] } = { mark: "", rows: [] };
  #log: readonly LogLine[] = [];
  #logged: { of: ScreenData["runs"] | undefined; runs: readonly LoggedRun[] } = { of: undefined, runs: [] };
  #version: number | undefined;
  #gridMark = "";
  #ticked = 0;
  #settled: number;
  #data: ScreenData | undefined;

  /** Throws what `lor2c show` would throw for a file that it cannot open, and what `choose` throws. */
  constructor(
    path: string,
    choose: (store: Store) => Shown,
    private readonly options: ReadingOptions,
  ) {
    const { share, every, ofJob, now } = options;
    this.store = ofJob ? openStore(path, { readonly: true }) : openReader(path);
    this.#settled = now();
    try {
      this.store.busyTimeout = PATIENCE;
      this.#shown = choose(this.store);
    } catch (error) {
      this.store.close();
      throw error;
    }
    // Apart, so that each goes on whatever the others take: the runs, their grid, and what is looked at of single runs.
    this.#budget = new Budget(share / 2, now, every);
    this.#gridBudget = new Budget(share / 4, now, every);
    const single = new Budget(share / 4, now, every);
    this.#singleBudget = single;
    this.#timelines = new Kept(single, KEPT);
    this.#curves = new Kept(single, KEPT);
    this.#losses = new Kept(single, KEPT_LOSSES);
    this.#matching = new Kept(single, 4);
    this.#columns = new Kept(single, 4);
    this.#runs = new WatchedRuns(this.#shown.watched, (run, attempt, mark) => this.#lossesOf(run, attempt, mark));
    this.#grid = new KeptGrid(this.#shown.experiment);
  }

  read(): ScreenData {
    const now = this.options.now();
    this.#settle(now);
    const version = this.store.version();
    if (this.#data === undefined) this.#readStore(now, version);
    else if (version !== this.#version && this.#budget.isFree) this.#budget.spend(() => this.#readStore(now, version));
    // The first picture of very many runs does not wait for their grid, which takes longer than the rest.
    if (this.#data === undefined && this.#runs.runs.length <= MANY) this.#readGrid();
    else if (this.#data && this.#grid.isOld(this.#gridMark) && this.#gridBudget.isFree) {
      this.#gridBudget.spend(() => this.#readGrid());
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

  columns(text: string): AddedColumns {
    const ids = () => this.#runs.runs.map(({ id }) => id);
    return this.#columns.get(text, String(this.#version), () => columnsOf(this.store, text, ids()));
  }

  matching(filter: string): Matching {
    const { runs } = this.#runs;
    if (!isFilter(filter)) return byWords(runs, filter);
    return this.#matching.get(filter, String(this.#version), () => byFilter(this.store, filter, runs));
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

  #readStore(now: number, version: number): void {
    this.#live = readLive(this.store, this.#shown.watched);
    this.#runs.read(this.store, now, this.#live);
    this.#gridMark = this.#runs.gridMark();
    const { attempts } = this.#runs;
    const mark = `${alertsMark(this.store)} of ${attempts.join()}`;
    if (mark !== this.#alerts.mark) this.#alerts = { mark, rows: alertsOfAttempts(this.store, attempts).toReversed() };
    this.#version = version; // last: what failed is read again
  }

  #readGrid(): void {
    this.#grid.read(this.store, this.#gridMark);
  }

  #tick(now: number): void {
    this.#ticked = now;
    this.#runs.tick(now);
    if (this.options.ofJob) return;
    const { runs } = this.#runs;
    if (runs !== this.#logged.of) {
      const all = this.#runs.logged((folder) => this.store.results.fromStored(folder));
      this.#logged = { of: runs, runs: withLogs(all) };
    }
    this.#log = this.#tail.read(this.#logged.runs);
  }

  #collect(now: number, ticks: boolean): ScreenData {
    const before = this.#data;
    const { runs } = this.#runs;
    const progress = ticks || runs !== before?.runs ? this.#progress(now) : before.progress;
    const { title, experiment } = this.#shown;
    const [grid, alerts, log] = [this.#grid.grid, this.#alerts.rows, this.#log];
    // What they do for runs that are not shown is not what somebody looks for here.
    const devices = this.#runs.isTraining ? this.#live.devices : NO_LIVE.devices;
    const data = { title, experiment, progress, runs, grid, log, alerts, devices };
    // Whoever got old curves is to ask again, so that a run's last values are shown too.
    const owed = this.#singleBudget.owes && this.#singleBudget.isFree;
    if (owed) this.#singleBudget.owes = false;
    if (!before || owed || !isSame(before, data)) this.#data = data;
    return this.#data ?? data;
  }

  #progress(now: number): ScreenData["progress"] {
    const { jobs } = this.#live;
    const secondsLeft = jobs?.end == null ? null : Math.max(0, Math.round((jobs.end - now) / 1000));
    const progress = progressOf(this.#runs.runs, { fraction: jobs?.fraction, secondsLeft });
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
