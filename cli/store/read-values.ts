import { UsageError } from "../errors.js";
import type { RunRow } from "./rows.js";
import { lowerIsBetter } from "./score-direction.js";
import { settingAt } from "./setting-at.js";
import type { Store } from "./store.js";
import { storedSettings } from "./stored-settings.js";
import { type Moment, parseColumns, type Source, type ValueColumn } from "./value-column.js";

/** Null: not known, not set, or not a finite number. A setting that is a list or an object is JSON. */
export type Value = number | string | boolean | null;

/**
 * The values of these columns, for each run in turn. They are those of a run's current attempt; of a run that is not
 * finished, what is stored until now, and its best epoch is the best until now. Reads one row per run and metric.
 * Throws UsageError for a setting or a metric that none of the runs has.
 */
export function readColumns(store: Store, runs: readonly RunRow[], columns: readonly ValueColumn[]): Value[][] {
  const reading = new Reading(store, runs);
  const read = columns.map((column) => reading.of(column));
  return runs.map((run) => read.map((value) => value(run)));
}

/** Names of the metrics that any of these runs measured on its evaluation rows, sorted. */
export function evaluatedMetrics(store: Store, runs: readonly RunRow[]): string[] {
  return measuredNames(store, attemptsOf(runs), "eval");
}

/** `parseColumns`, by which a metric that one of these runs has measured is written by its name, whatever it is. */
export function columnsFor(store: Store, runs: readonly RunRow[], text: string): ValueColumn[] {
  const attempts = attemptsOf(runs);
  const known = new Map<string, string[]>();
  return parseColumns(text, ({ split, name }) => {
    const names = known.get(split) ?? measuredNames(store, attempts, split);
    known.set(split, names);
    return names.includes(name);
  });
}

const attemptsOf = (runs: readonly RunRow[]): string =>
  JSON.stringify(runs.flatMap(({ attempt_id }) => attempt_id ?? []));

function measuredNames(store: Store, attempts: string, split: string): string[] {
  return store
    .prepare(
      `SELECT DISTINCT name FROM metric_summaries
       WHERE attempt IN (SELECT value FROM json_each(?)) AND split = ? ORDER BY name`,
    )
    .pluck()
    .all(attempts, split) as string[];
}

type ReadValue = (run: RunRow) => Value;

/** What several columns need is read once. */
class Reading {
  #settings: Map<string, Record<string, unknown>> | undefined;
  #bestSteps: Map<number, number | null> | undefined;

  constructor(
    readonly store: Store,
    readonly runs: readonly RunRow[],
  ) {}

  of({ key, source }: ValueColumn): ReadValue {
    switch (source.of) {
      case "run":
        return (run) => run[source.column] ?? null;
      case "score":
        return (run) => run.best_score ?? this.#scoreUntilNow(run);
      case "setting":
        return this.#setting(source.path);
      case "end":
        this.#refuseUnknown(key, source);
        return this.#end(source);
      case "benchmark":
        return this.#benchmark(source.benchmark);
      case "moment":
        this.#refuseUnknown(key, source);
        return this.#moment(source);
    }
  }

  #setting(path: string): ReadValue {
    const settings = this.settings();
    const found = new Map([...settings].map(([id, own]) => [id, settingAt(own, path)]));
    if (this.runs.length > 0 && [...found.values()].every((value) => value === undefined)) {
      throw new UsageError(
        "COLUMN_UNKNOWN",
        `none of these runs has the setting ${path}`,
        "lor2c show RUN settings lists them",
      );
    }
    return (run) => asValue(found.get(run.id));
  }

  settings(): Map<string, Record<string, unknown>> {
    this.#settings ??= new Map(
      this.store
        .prepare("SELECT id, settings FROM runs WHERE id IN (SELECT value FROM json_each(?))")
        .raw()
        .all(JSON.stringify(this.runs.map(({ id }) => id)))
        .map((row) => row as [string, string])
        .map(([id, text]) => [id, storedSettings(text)]),
    );
    return this.#settings;
  }

  #end({ split, name, end }: Extract<Source, { of: "end" }>): ReadValue {
    const rows = this.store
      .prepare(
        `SELECT attempt, ${end} FROM metric_summaries
         WHERE attempt IN (SELECT value FROM json_each(?)) AND split = ? AND name = ?`,
      )
      .raw()
      .all(this.#attempts(), split, name) as [number, number | null][];
    const values = new Map(rows);
    return (run) => values.get(run.attempt_id ?? -1) ?? null;
  }

  /**
   * Scores of one protocol, on the same rows and with the same settings: those that most of the runs have, of equally many
   * the newest. A score under others would not be comparable, and is not known here.
   */
  #benchmark(benchmark: string): ReadValue {
    const rows = this.store
      .prepare(
        `SELECT r.run, e.score, e.ended_at, json_array(e.protocol, e.data_hash, e.settings_hash) AS how
         FROM evaluation_runs r JOIN evaluations e ON e.key = r.evaluation
         WHERE r.run IN (SELECT value FROM json_each(?)) AND e.benchmark = ? AND e.score IS NOT NULL
         ORDER BY e.ended_at DESC`,
      )
      .all(JSON.stringify(this.runs.map(({ id }) => id)), benchmark) as { run: string; score: number; how: string }[];
    const ways = [...new Set(rows.map(({ how }) => how))];
    const runsOf = (way: string) => new Map(rows.flatMap(({ run, score, how }) => (how === way ? [[run, score]] : [])));
    const [most] = ways.map(runsOf).toSorted((a, b) => b.size - a.size);
    if (most === undefined && this.runs.length > 0) {
      throw new UsageError(
        "COLUMN_UNKNOWN",
        `none of these runs has been evaluated on ${benchmark}`,
        "lor2c eval scores runs",
      );
    }
    return (run) => most?.get(run.id) ?? null;
  }

  #moment({ split, name, at }: Extract<Source, { of: "moment" }>): ReadValue {
    // Training rows are logged every few steps, so the last line until then counts.
    const until = split === "train" ? "<=" : "=";
    const sql = (place: string) =>
      this.store
        .prepare(
          `SELECT value FROM metrics WHERE attempt = ? AND split = ? AND name = ? AND ${place} ${until} ?
           ORDER BY step DESC LIMIT 1`,
        )
        .pluck();
    const [atStep, atEpoch] = [sql("step"), sql("epoch")];
    return (run) => {
      const moment = this.#when(run, at);
      if (run.attempt_id === null || moment === null) return null;
      const statement = "step" in moment ? atStep : atEpoch;
      const place = "step" in moment ? moment.step : moment.epoch;
      return (statement.get(run.attempt_id, split, name, place) as number | null | undefined) ?? null;
    };
  }

  #when(run: RunRow, at: Moment): { step: number } | { epoch: number } | null {
    if (at === "best") {
      const step = this.#bestStep(run);
      return step === null ? null : { step };
    }
    const epoch = at === "fixed" ? run.report_epoch : at;
    return epoch === null ? null : { epoch };
  }

  #scoreUntilNow(run: RunRow): number | null {
    const step = this.#bestStep(run);
    if (step === null || run.score_name === null) return null;
    const statement = this.store
      .prepare("SELECT value FROM metrics WHERE attempt = ? AND split = 'eval' AND name = ? AND step = ?")
      .pluck();
    return (statement.get(run.attempt_id, run.score_name, step) as number | null | undefined) ?? null;
  }

  #bestStep(run: RunRow): number | null {
    this.#bestSteps ??= this.#readBestSteps();
    return this.#bestSteps.get(run.attempt_id ?? -1) ?? null;
  }

  /** By attempt. Held-out rows choose where there are any, as in the worker. */
  #readBestSteps(): Map<number, number | null> {
    const rows = this.store
      .prepare(
        `SELECT a.id, a.score_name, coalesce(h.lowest_step, e.lowest_step) AS lowest,
                coalesce(h.highest_step, e.highest_step) AS highest,
                (SELECT m.step FROM metrics m WHERE m.attempt = a.id AND m.split = 'eval' AND m.name = a.score_name
                   AND m.epoch = a.best_epoch LIMIT 1) AS chosen
         FROM attempts a
         LEFT JOIN metric_summaries e ON e.attempt = a.id AND e.split = 'eval' AND e.name = a.score_name
         LEFT JOIN metric_summaries h ON h.attempt = a.id AND h.split = 'holdout' AND h.name = a.score_name
         WHERE a.id IN (SELECT value FROM json_each(?))`,
      )
      .all(this.#attempts()) as {
      id: number;
      score_name: string | null;
      lowest: number | null;
      highest: number | null;
      chosen: number | null;
    }[];
    return new Map(
      rows.map(({ id, score_name, lowest, highest, chosen }) => [
        id,
        chosen ?? (lowerIsBetter(score_name ?? "") ? lowest : highest),
      ]),
    );
  }

  /** Runs that have measured nothing yet may still measure it. */
  #refuseUnknown(key: string, { split, name }: { split: string; name: string }): void {
    const names = measuredNames(this.store, this.#attempts(), split);
    if (names.length === 0 || names.includes(name)) return;
    throw new UsageError(
      "COLUMN_UNKNOWN",
      `${key} is no column: none of these runs has measured ${name} on its ${split} rows`,
      `they have: ${names.join(", ")}`,
    );
  }

  #attempts(): string {
    return attemptsOf(this.runs);
  }
}

function asValue(value: unknown): Value {
  if (value === undefined || value === null) return null;
  return typeof value === "object" ? JSON.stringify(value) : (value as Value);
}
