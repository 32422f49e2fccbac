import { m001Initial } from "./migrations/m001_initial.js";
import { m003Grid } from "./migrations/m003_grid.js";

export interface Migration {
  /** `m<number>_<what>`; recorded in `migrations`, so it never changes. */
  name: string;
  sql: string;
}

/** Append-only: applied in this order, each once. */
export const MIGRATIONS: readonly Migration[] = [m001Initial, m003Grid];
