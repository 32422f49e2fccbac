import { raiseOutcome } from "./alerts.js";
import { attemptGone } from "./lost-rows.js";
import { describeOwner, lifeOf } from "./owners/index.js";
import type { Owner } from "./owners/kind.js";
import type { Store } from "./store.js";
import { hasWaiting, takeInWaiting } from "./waiting-events.js";
import { sweepLive } from "./write-live.js";

/**
 * An attempt whose owner can't be asked counts as lost this many seconds after its last heartbeat. Generous, as clocks
 * differ.
 */
export const LEASE_SECONDS = 300;
/** Seconds between heartbeats. */
export const HEARTBEAT_SECONDS = 15;

export interface RunningAttempt {
  id: number;
  run: string;
  owner_kind: string;
  owner: string;
  lease_until: string;
}

/**
 * Records that this process still works on these attempts. Call it every HEARTBEAT_SECONDS. Throws if a row is gone.
 */
export function heartbeat(store: Store, attemptIds: number[]): void {
  const now = new Date();
  store.write(() => {
    const update = store.prepare(
      "UPDATE attempts SET heartbeat_at = ?, lease_until = ? WHERE id = ? AND outcome IS NULL",
    );
    for (const id of attemptIds) {
      if (update.run(now.toISOString(), leaseEnd(now), id).changes === 0) checkAttempt(store, id);
    }
  });
}

/** Throws if the row of an attempt in training is gone, because its events could not be stored. */
function checkAttempt(store: Store, id: number): void {
  if (store.prepare("SELECT 1 FROM attempts WHERE id = ?").get(id) !== undefined) return;
  throw attemptGone(store, id);
}

/** Whether there are attempts that `reapLost` would end. Does not write. */
function hasLost(store: Store): boolean {
  return lostOf(runningAttempts(store)).length > 0;
}

/** Marks running attempts of dead owners `lost`, unless their waiting events say how they ended. Returns how many. */
export function reapLost(store: Store): number {
  if (!hasLost(store) && !hasWaiting(store)) return 0; // the usual case takes no write lock
  return store.write(() => {
    const ended = reapWithin(store);
    if (ended === 0) takeInWaiting(store, overOf(store)); // of attempts that were called lost before
    return ended;
  });
}

/** Like `reapLost`, within the caller's transaction. */
export function reapWithin(store: Store, runId?: string): number {
  const lost = lostOf(runningAttempts(store, runId));
  if (lost.length === 0) return 0;
  const unreadable = takeInWaiting(store, overOf(store));
  const end = store.prepare(
    `UPDATE attempts SET outcome = 'lost', ended_at = heartbeat_at, message = ? WHERE id = ? AND outcome IS NULL`,
  );
  const messageOf = (attempt: RunningAttempt) =>
    [lostMessage(attempt), unreadable.get(attempt.id)].filter((text) => text !== undefined).join("; ");
  const count = lost.filter((attempt) => {
    const message = messageOf(attempt);
    const ended = end.run(message, attempt.id).changes === 1;
    if (ended) raiseOutcome(store, attempt.id, "lost", { message });
    return ended;
  }).length;
  sweepLive(store);
  return count;
}

/** Returns a function that tells whether an attempt has ended or lost its owner. */
function overOf(store: Store): (attempt: number) => boolean {
  const running = runningAttempts(store);
  const lost = new Set(lostOf(running));
  const working = new Set(running.filter((attempt) => !lost.has(attempt)).map(({ id }) => id));
  return (attempt) => !working.has(attempt);
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

export function lostMessage(attempt: RunningAttempt): string {
  return `the runner (${describeOwner(ownerOf(attempt))}) is gone`;
}

/** An owner about which nothing is known counts as alive. */
export function isLost(attempt: RunningAttempt): boolean {
  const life = lifeOf(ownerOf(attempt));
  return life === "dead" || (life === "elsewhere" && attempt.lease_until < new Date().toISOString());
}

/** Those whose owner is gone. Each owner is asked once, because one process can train thousands of runs. */
export function lostOf(attempts: readonly RunningAttempt[]): RunningAttempt[] {
  const known = new Map<string, boolean>();
  return attempts.filter((attempt) => {
    const key = `${attempt.owner_kind} ${attempt.owner} ${attempt.lease_until}`;
    const lost = known.get(key) ?? isLost(attempt);
    known.set(key, lost);
    return lost;
  });
}

export function leaseEnd(from: Date): string {
  return new Date(from.getTime() + LEASE_SECONDS * 1000).toISOString();
}
