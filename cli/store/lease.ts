import { existsSync, mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { Lor2cError, UsageError } from "../errors.js";
import { isSameProcess, processStart } from "./process-identity.js";
import type { Store } from "./store.js";

/** Seconds after its last heartbeat at which an attempt of another machine counts as lost. Generous: clocks differ. */
export const LEASE_SECONDS = 300;
/** Seconds between heartbeats. */
export const HEARTBEAT_SECONDS = 15;

export type Claim =
  | { attemptId: number; number: number; folder: string }
  | { busy: { pid: number; host: string } }
  | { done: true };

interface RunningAttempt {
  id: number;
  run: string;
  runner_pid: number;
  runner_started: string;
  host: string;
  lease_until: string;
}

/**
 * Takes a run for this process: a new attempt with its folder made, or why not. At most one attempt of a run is
 * running, over all processes that share the file; a finished run is taken again only with `force`.
 */
export function claimAttempt(store: Store, request: { runId: string; force: boolean; environment?: number }): Claim {
  return store.write((): Claim => {
    reapWithin(store, request.runId);
    const running = selectRunning(store, request.runId)[0];
    if (running) return { busy: { pid: running.runner_pid, host: running.host } };
    const past = store
      .prepare(
        `SELECT (SELECT count(*) FROM runs WHERE id = @run) AS known, coalesce(max(number), 0) AS newest,
                coalesce(max(outcome = 'finished'), 0) AS finished FROM attempts WHERE run = @run`,
      )
      .get({ run: request.runId }) as { known: number; newest: number; finished: number };
    if (past.known === 0)
      throw new UsageError("UNKNOWN_RUN", `there is no run ${request.runId}`, "lor2c ls lists them");
    if (past.finished && !request.force) return { done: true };
    const { number, folder } = freeFolder(store, request.runId, past.newest + 1);
    const now = new Date();
    const { lastInsertRowid } = store
      .prepare(
        `INSERT INTO attempts (run, number, started_at, runner_pid, runner_started, host, heartbeat_at, lease_until,
                               folder, environment)
         VALUES (@run, @number, @now, @pid, @started, @host, @now, @until, @folder, @environment)`,
      )
      .run({
        run: request.runId,
        number,
        now: now.toISOString(),
        until: leaseEnd(now),
        pid: process.pid,
        started: ownStart(),
        host: hostname(),
        folder: store.toStored(folder),
        environment: request.environment ?? null,
      });
    return { attemptId: Number(lastInsertRowid), number, folder };
  });
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
  return selectRunning(store).some(isDead);
}

/** Running attempts whose runner is dead become `lost`. Returns how many. */
export function reapLost(store: Store): number {
  if (!hasLost(store)) return 0; // no write lock for the usual case
  return store.write(() => reapWithin(store));
}

function reapWithin(store: Store, runId?: string): number {
  const dead = selectRunning(store, runId).filter(isDead);
  const end = store.prepare(
    `UPDATE attempts SET outcome = 'lost', ended_at = heartbeat_at, message = ? WHERE id = ? AND outcome IS NULL`,
  );
  for (const attempt of dead) {
    end.run(`the runner (process ${attempt.runner_pid} on ${attempt.host}) is gone`, attempt.id);
  }
  return dead.length;
}

function selectRunning(store: Store, runId?: string): RunningAttempt[] {
  const columns = "id, run, runner_pid, runner_started, host, lease_until";
  return (
    runId === undefined
      ? store.prepare(`SELECT ${columns} FROM attempts WHERE outcome IS NULL`).all()
      : store.prepare(`SELECT ${columns} FROM attempts WHERE outcome IS NULL AND run = ?`).all(runId)
  ) as RunningAttempt[];
}

function isDead(attempt: RunningAttempt): boolean {
  if (attempt.host === hostname()) return !isSameProcess(attempt.runner_pid, attempt.runner_started);
  return attempt.lease_until < new Date().toISOString();
}

/** A folder that holds files already is never written again: its number is skipped. */
function freeFolder(store: Store, runId: string, first: number): { number: number; folder: string } {
  for (let number = first; ; number++) {
    const folder = join(store.folder, "runs", runId, `attempt-${number}`);
    if (existsSync(folder)) continue;
    mkdirSync(folder, { recursive: true });
    return { number, folder };
  }
}

function leaseEnd(from: Date): string {
  return new Date(from.getTime() + LEASE_SECONDS * 1000).toISOString();
}

function ownStart(): string {
  const started = processStart(process.pid);
  if (started === null)
    throw new Lor2cError("NO_PROCESS_TABLE", "cannot read this process's start time", "is `ps` installed?");
  return started;
}
