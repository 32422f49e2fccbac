import { describeOwner, lifeOf } from "./owners/index.js";
import type { Owner } from "./owners/kind.js";
import type { Store } from "./store.js";

/** Seconds after its last heartbeat at which an attempt whose owner can't be asked counts as lost. Generous: clocks differ. */
const LEASE_SECONDS = 300;
/** Seconds between heartbeats. */
export const HEARTBEAT_SECONDS = 15;

export interface RunningAttempt {
  id: number;
  run: string;
  owner_kind: string;
  owner: string;
  lease_until: string;
}

/** Says that this process still works on these attempts. Call it every HEARTBEAT_SECONDS. */
export function heartbeat(store: Store, attemptIds: number[]): void {
  const now = new Date();
  store.write(() => {
    const update = store.prepare(
      "UPDATE attempts SET heartbeat_at = ?, lease_until = ? WHERE id = ? AND outcome IS NULL",
    );
    for (const id of attemptIds) update.run(now.toISOString(), leaseEnd(now), id);
  });
}

/** There are attempts that `reapLost` would end. Reads only. */
export function hasLost(store: Store): boolean {
  return runningAttempts(store).some(isLost);
}

/** Running attempts whose owner is dead become `lost`. Returns how many. */
export function reapLost(store: Store): number {
  if (!hasLost(store)) return 0; // no write lock for the usual case
  return store.write(() => reapWithin(store));
}

/** As `reapLost`, within a transaction of the caller. */
export function reapWithin(store: Store, runId?: string): number {
  const lost = runningAttempts(store, runId).filter(isLost);
  const end = store.prepare(
    `UPDATE attempts SET outcome = 'lost', ended_at = heartbeat_at, message = ? WHERE id = ? AND outcome IS NULL`,
  );
  for (const attempt of lost) end.run(lostMessage(attempt), attempt.id);
  return lost.length;
}

export function runningAttempts(store: Store, runId?: string): RunningAttempt[] {
  const columns = "id, run, owner_kind, owner, lease_until";
  return (
    runId === undefined
      ? store.prepare(`SELECT ${columns} FROM attempts WHERE outcome IS NULL`).all()
      : store.prepare(`SELECT ${columns} FROM attempts WHERE outcome IS NULL AND run = ?`).all(runId)
  ) as RunningAttempt[];
}

export function ownerOf({ owner_kind, owner }: Pick<RunningAttempt, "owner_kind" | "owner">): Owner {
  return { kind: owner_kind, id: owner };
}

function lostMessage(attempt: RunningAttempt): string {
  return `the runner (${describeOwner(ownerOf(attempt))}) is gone`;
}

/** An owner of which nothing is known is not dead. */
function isLost(attempt: RunningAttempt): boolean {
  const life = lifeOf(ownerOf(attempt));
  return life === "dead" || (life === "elsewhere" && attempt.lease_until < new Date().toISOString());
}

export function leaseEnd(from: Date): string {
  return new Date(from.getTime() + LEASE_SECONDS * 1000).toISOString();
}
