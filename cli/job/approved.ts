import { statOf } from "../files.js";
import type { ResolvedPlan } from "../plan/resolve-plan.js";
import { openStore, type Store } from "../store/store.js";
import { type Foresight, foresee } from "./foresee.js";
import type { JobSource } from "./source.js";

/** Checks the forecast before anything starts: throws to refuse the job, or returns warnings. */
export type Approve = (foresight: Foresight) => Promise<string[]>;

export interface Approved {
  store: Store;
  foresight: Foresight;
  warnings: string[];
}

/** Opens the database if the job is approved. A refused job makes no database. */
export async function openApproved(
  plan: ResolvedPlan,
  {
    source,
    dbPath,
    force = false,
    approve,
  }: { source: JobSource; dbPath: string; force?: boolean; approve?: Approve | undefined },
): Promise<Approved> {
  const known = statOf(dbPath) ? openStore(dbPath) : null;
  try {
    const foresight = foresee(plan, known, source, force);
    const warnings = (await approve?.(foresight)) ?? [];
    return { store: known ?? openStore(dbPath), foresight, warnings };
  } catch (error) {
    known?.close();
    throw error;
  }
}
