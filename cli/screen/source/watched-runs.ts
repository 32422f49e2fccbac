/** The runs on the screen as they are stored. Only those that changed are read again. */
import { scoresSoFar, settingsTexts, tagsByRun, type Watched, watchedMarks, watchedRows } from "../../store/read.js";
import type { Store } from "../../store/store.js";
import type { ScreenRun } from "../data.js";
import { lanesOf } from "./lanes.js";
import { type Live, NO_LIVE, sameLive } from "./live.js";
import type { LoggedRun } from "./log.js";
import { type Stored, screenRun } from "./runs.js";
import { Differences } from "./settings.js";

interface Entry {
  mark: string;
  stored: Stored;
  /** Of the last `at`; a run in training changes every second. */
  run: ScreenRun;
}

/** What `losses` reads a run's losses with. */
export type ReadLosses = (run: string, attempt: number, mark: string) => ScreenRun["losses"];

const NO_TAGS: readonly string[] = [];
const NO_LOSSES: ScreenRun["losses"] = [];

export class WatchedRuns {
  #entries = new Map<string, Entry>();
  readonly #differences = new Differences();
  #runs: readonly ScreenRun[] = [];

  constructor(
    private readonly watched: Watched,
    private readonly losses: ReadLosses,
  ) {}

  /** In order; the same array if nothing changed. */
  get runs(): readonly ScreenRun[] {
    return this.#runs;
  }

  get isTraining(): boolean {
    return this.#runs.some(({ state }) => state === "running");
  }

  /** Ids of the shown attempts. */
  get attempts(): number[] {
    return [...this.#entries.values()].flatMap(({ stored: { row } }) => row.attempt ?? []);
  }

  /** The attempt shown of a run, and a text that changes when its values do. */
  shownOf(run: string): { attempt: number | null; mark: string } | undefined {
    const entry = this.#entries.get(run);
    return entry && { attempt: entry.stored.row.attempt, mark: entry.mark };
  }

  /** Reads what has changed in the store. */
  read(store: Store, now: number, live: Live = NO_LIVE): void {
    const marks = watchedMarks(store, this.watched);
    const before = this.#entries;
    const changed = marks.filter(({ run, mark }) => before.get(run)?.mark !== mark).map(({ run }) => run);
    const rows = new Map(watchedRows(store, changed).map((row) => [row.run, row]));
    const open = [...rows.values()].flatMap(({ attempt, best_score }) =>
      attempt !== null && best_score === null ? attempt : [],
    );
    const best = scoresSoFar(store, open);
    const tags = tagsByRun(store);
    this.#differences.update(
      marks.map(({ run }) => run),
      (runs) => settingsTexts(store, runs),
    );
    const all = marks.flatMap(({ run }) => rows.get(run) ?? before.get(run)?.stored.row ?? []);
    const lanes = lanesOf(all, live.runs);
    this.#entries = new Map();
    for (const { run, label, mark } of marks) {
      const old = before.get(run);
      const row = rows.get(run) ?? old?.stored.row;
      if (!row) continue; // deleted between two statements
      const stored: Stored = {
        label,
        row,
        tags: equal(tags.get(run) ?? NO_TAGS, old?.stored.tags),
        settings: this.#differences.of(run),
        live: sameLive(live.runs.get(row.attempt ?? -1), old?.stored.live),
        lane: lanes.get(run) ?? null,
        bestSoFar: rows.has(run) ? (best.get(row.attempt ?? -1)?.epoch ?? null) : (old?.stored.bestSoFar ?? null),
        losses: rows.has(run) || !old ? this.#lazyLosses(row.run, row.attempt, mark) : old.stored.losses,
      };
      const same = old && isSame(old.stored, stored);
      this.#entries.set(run, {
        mark,
        stored: same ? old.stored : stored,
        run: same ? old.run : screenRun(stored, now),
      });
    }
    this.#collect();
  }

  /** The seconds of runs in training. */
  tick(now: number): void {
    for (const entry of this.#entries.values()) {
      if (entry.stored.row.state !== "running") continue;
      const run = screenRun(entry.stored, now);
      if (run.seconds !== entry.run.seconds || run.secondsLeft !== entry.run.secondsLeft) entry.run = run;
    }
    this.#collect();
  }

  /** Runs that have a log. */
  logged(absolute: (folder: string) => string): LoggedRun[] {
    return [...this.#entries.values()].flatMap(({ stored: { label, row } }) => {
      if (row.folder === null || row.started_at === null) return [];
      const running = row.state === "running";
      const at = running ? row.started_at : (row.ended_at ?? row.started_at);
      return [{ run: row.run, label, folder: () => absolute(row.folder ?? ""), running, at }];
    });
  }

  /** A text that changes when something that the grid shows does. */
  gridMark(): string {
    return this.#runs
      .map(({ state, score, merges, injections, trainableParameters }) =>
        [state, score, merges, injections, trainableParameters].join(" "),
      )
      .join("\n");
  }

  #collect(): void {
    const runs = [...this.#entries.values()].map(({ run }) => run);
    const same = runs.length === this.#runs.length && runs.every((run, at) => run === this.#runs[at]);
    if (!same) this.#runs = runs;
  }

  /** Losses are the most values by far and only a few runs are looked at, so they are read when they are. */
  #lazyLosses(run: string, attempt: number | null, mark: string): () => ScreenRun["losses"] {
    let read: ScreenRun["losses"] | undefined;
    return () => {
      if (read === undefined && attempt !== null) {
        try {
          read = this.losses(run, attempt, mark);
        } catch {
          return NO_LOSSES; // who draws a run must not fail because the database is gone
        }
      }
      return read ?? NO_LOSSES;
    };
  }
}

const equal = (list: readonly string[], before: readonly string[] | undefined): readonly string[] =>
  before && before.length === list.length && list.every((one, at) => one === before[at]) ? before : list;

const isSame = (a: Stored, b: Stored): boolean =>
  (Object.keys(a) as (keyof Stored)[]).every((key) => Object.is(a[key], b[key]));
