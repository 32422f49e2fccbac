import type { RunForecast } from "../plan/forecast/forecast.js";
import type { ForecastRow } from "./rows.js";
import type { Store } from "./store.js";

/** Stores forecasts of runs that are about to be trained, unless they were removed meanwhile. Only the newest is kept. */
export function recordForecasts(store: Store, forecasts: readonly RunForecast[]): void {
  const now = new Date().toISOString();
  store.write(() => {
    for (const forecast of forecasts) insertForecast(store, forecast, now);
  });
}

function insertForecast(store: Store, forecast: RunForecast, now: string): void {
  const { id, seconds, secondsBasis, disk, memory, memoryBasis, trainWork } = forecast;
  const insert = store.prepare(
    `INSERT OR REPLACE INTO forecasts (run, made_at, seconds, seconds_low, seconds_high, seconds_basis,
       seconds_trainings, disk_bytes, memory, memory_low, memory_high, memory_basis, memory_trainings, train_work)
     SELECT id, @now, @seconds, @seconds_low, @seconds_high, @seconds_basis, @seconds_trainings, @disk_bytes,
       @memory, @memory_low, @memory_high, @memory_basis, @memory_trainings, @train_work FROM runs WHERE id = @run`,
  );
  insert.run({
    run: id,
    now,
    seconds: seconds.likely,
    seconds_low: seconds.low,
    seconds_high: seconds.high,
    seconds_basis: secondsBasis.kind,
    seconds_trainings: secondsBasis.trainings,
    disk_bytes: Math.round(disk),
    memory: Math.round(memory.likely),
    memory_low: Math.round(memory.low),
    memory_high: Math.round(memory.high),
    memory_basis: memoryBasis.kind,
    memory_trainings: memoryBasis.trainings,
    train_work: trainWork,
  });
}

export function getForecast(store: Store, run: string): ForecastRow | undefined {
  return store.prepare("SELECT * FROM forecasts WHERE run = ?").get(run) as ForecastRow | undefined;
}
