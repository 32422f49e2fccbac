import { forecastJob, type JobForecast } from "../plan/forecast/forecast.js";
import type { Foreseen } from "../plan/forecast/limits.js";
import { remaining } from "../plan/remaining.js";
import type { ResolvedPlan } from "../plan/resolve-plan.js";
import { assign, type Share } from "../plan/share-out.js";
import { measuredTrainings, runStates, type StoredState } from "../store/read.js";
import type { Store } from "../store/store.js";
import type { JobSource } from "./source.js";

type Plan = Pick<ResolvedPlan, "cells" | "slots" | "ready">;

export interface Foresight extends Foreseen {
  /** The state of each run that is in the database. */
  states: Map<string, StoredState>;
}

/**
 * The forecast of a plan's remaining runs, from earlier runs in the database. `store` is null if there is no database.
 * Only reads.
 */
export function foresee(
  { cells, slots, ready: { device } }: Plan,
  store: Store | null,
  { keep, evaluate }: Pick<JobSource, "keep" | "evaluate">,
  force = false,
): Foresight {
  const ids = cells.map((cell) => cell.id);
  const states = store ? runStates(store, ids) : new Map<string, StoredState>();
  const stored = store ? measuredTrainings(store) : [];
  const { todo } = remaining(cells, states, force);
  const sharesOf = (count: number) => assign(todo.slice(0, count), slots, device).shares;
  const keeping = { ...keep, evaluates: evaluate !== null };
  const forecastOf = (shares: readonly Share[]) =>
    forecastJob(shares, { slots: slots.length, device, stored, keeping });
  const shares = sharesOf(todo.length);
  const ofFirst = (count: number): JobForecast => forecastOf(sharesOf(count));
  return { states, todo, shares, device, forecast: forecastOf(shares), ofFirst };
}
