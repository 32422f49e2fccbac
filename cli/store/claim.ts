import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { UsageError } from "../errors.js";
import type { KeepAdapters } from "../spec/keep-schema.js";
import { leaseEnd, ownerOf, reapWithin, runningAttempts } from "./lease.js";
import { describeOwner } from "./owners/index.js";
import type { Owner } from "./owners/kind.js";
import { thisProcess } from "./owners/process.js";
import type { Store } from "./store.js";

export interface ClaimRequest {
  runId: string;
  /** Take finished runs too. */
  force: boolean;
  environment?: number;
  /** The folder of checkpoints that the worker uses. Nothing in it is deleted while the attempt runs. */
  checkpoint?: string;
  /** Which adapters the job keeps. Default: all. */
  keepAdapters?: KeepAdapters;
  /** Default: this process. */
  owner?: Owner;
}

export type Claim =
  | { attemptId: number; number: number; folder: string }
  /** Another process has the run; this text names it. */
  | { busy: string }
  | { done: true }
  /** Somebody deleted it. */
  | { removed: true };

/** Takes one run, see `claimAttempts`. Throws UsageError when there is none. */
export function claimAttempt(store: Store, request: ClaimRequest): Claim {
  const claim = claimAttempts(store, [request])[0] as Claim;
  if (!("removed" in claim)) return claim;
  throw new UsageError("UNKNOWN_RUN", `there is no run ${request.runId}`, "lor2c ls lists them");
}

/**
 * Claims runs for an owner in one transaction. Each gets a new attempt and its folder, or a reason why not. At most one
 * attempt of a run is running, among all processes that share the file; `force` claims finished runs too. `isOff` is
 * asked first, in the same transaction: if it says yes, nothing is claimed.
 */
export function claimAttempts(
  store: Store,
  requests: readonly ClaimRequest[],
  isOff: () => boolean = () => false,
): Claim[] {
  const own = thisProcess(); // before the write lock, not under it
  return store.write(() => (isOff() ? [] : requests.map((request) => claim(store, request, request.owner ?? own))));
}

function claim(store: Store, request: ClaimRequest, owner: Owner): Claim {
  reapWithin(store, request.runId);
  const running = runningAttempts(store, request.runId)[0];
  if (running) return { busy: describeOwner(ownerOf(running)) };
  const past = store
    .prepare(
      `SELECT (SELECT count(*) FROM runs WHERE id = @run) AS known, coalesce(max(number), 0) AS newest,
              coalesce(max(outcome = 'finished'), 0) AS finished FROM attempts WHERE run = @run`,
    )
    .get({ run: request.runId }) as { known: number; newest: number; finished: number };
  if (past.known === 0) return { removed: true };
  if (past.finished && !request.force) return { done: true };
  const { number, folder } = freeFolder(store, request.runId, past.newest + 1);
  const now = new Date();
  const { lastInsertRowid } = store
    .prepare(
      `INSERT INTO attempts (run, number, started_at, owner_kind, owner, heartbeat_at, lease_until, folder, environment,
                             checkpoint, keep_adapters, numerics)
       VALUES (@run, @number, @now, @kind, @owner, @now, @until, @folder, @environment, @checkpoint, @keep,
               (SELECT numerics FROM v_runs WHERE run = @run))`,
    )
    .run({
      run: request.runId,
      number,
      now: now.toISOString(),
      until: leaseEnd(now),
      kind: owner.kind,
      owner: owner.id,
      folder: store.results.toStored(folder),
      environment: request.environment ?? null,
      checkpoint: request.checkpoint ?? null,
      keep: request.keepAdapters ?? "all",
    });
  return { attemptId: Number(lastInsertRowid), number, folder };
}

/** Skips the numbers whose folders already have files: these must not be overwritten. */
function freeFolder(store: Store, runId: string, first: number): { number: number; folder: string } {
  for (let number = first; ; number++) {
    const folder = join(store.results.ofRun(runId), `attempt-${number}`);
    mkdirSync(dirname(folder), { recursive: true });
    try {
      mkdirSync(folder);
      return { number, folder };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}
