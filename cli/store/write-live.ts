/** Writes what a job is doing right now. */
import type { LiveAttempt, LiveJob, WorkerReading } from "./live-rows.js";
import { lifeOf } from "./owners/index.js";
import type { Owner } from "./owners/kind.js";
import type { Store } from "./store.js";

/** Milliseconds after which the last word of a worker about its device is dropped: the worker is gone. */
export const DEVICE_FORGOTTEN = 120_000;

export interface LiveWrite {
  owner: Owner;
  job: Omit<LiveJob, "owner">;
  /** Those that are new, or have changed. */
  attempts: readonly Omit<LiveAttempt, "run">[];
  devices: readonly WorkerReading[];
}

/** Writes it in one transaction. Returns false, at once, if another process holds the write lock. */
export function writeLive(store: Store, { owner: { kind, id }, job, attempts, devices }: LiveWrite): boolean {
  return store.tryWrite(() => {
    // An attempt that has ended meanwhile gets no row.
    const attempt = store.prepare(
      `INSERT INTO live_attempts (attempt, lane, phase, step, total_steps, epoch, loss, tokens_per_second, seconds_left, at)
       SELECT id, @lane, @phase, @step, @total_steps, @epoch, @loss, @tokens_per_second, @seconds_left, @at
       FROM attempts WHERE id = @attempt AND outcome IS NULL
       ON CONFLICT (attempt) DO UPDATE SET lane = excluded.lane, phase = excluded.phase, step = excluded.step,
         total_steps = excluded.total_steps, epoch = excluded.epoch, loss = excluded.loss,
         tokens_per_second = excluded.tokens_per_second, seconds_left = excluded.seconds_left, at = excluded.at`,
    );
    for (const row of attempts) attempt.run(row);
    store
      .prepare(
        `INSERT OR REPLACE INTO live_jobs (experiment, owner_kind, owner, fraction, seconds_left, at)
         VALUES (@experiment, @kind, @id, @fraction, @seconds_left, @at)`,
      )
      .run({ ...job, kind, id });
    const device = store.prepare(
      `INSERT OR REPLACE INTO live_devices (host, pid, device, description, uuid, memory_used, memory_total, utilization,
                                            temperature, power, cpu_share, owner_kind, owner, at)
       VALUES (@host, @pid, @device, @description, @uuid, @memory_used, @memory_total, @utilization, @temperature, @power,
               @cpu_share, @kind, @id, @at)`,
    );
    for (const row of devices) device.run({ ...row, kind, id });
    store
      .prepare("DELETE FROM live_devices WHERE owner_kind = ? AND owner = ? AND at < ?")
      .run(kind, id, new Date(Date.parse(job.at) - DEVICE_FORGOTTEN).toISOString());
  });
}

/** Removes what a job has written of itself and of its devices. The rows of its attempts go with their outcomes. */
export function removeLive(store: Store, { kind, id }: Owner): boolean {
  return store.tryWrite(() => {
    for (const table of ["live_jobs", "live_devices"]) {
      store.prepare(`DELETE FROM ${table} WHERE owner_kind = ? AND owner = ?`).run(kind, id);
    }
  });
}

/** Removes the rows of attempts that have ended and of processes that are dead, as after a crash. Call it within `write`. */
export function sweepLive(store: Store): void {
  store.prepare("DELETE FROM live_attempts WHERE attempt IN (SELECT id FROM attempts WHERE outcome IS NOT NULL)").run();
  const owners = store
    .prepare("SELECT owner_kind AS kind, owner AS id FROM live_jobs UNION SELECT owner_kind, owner FROM live_devices")
    .all() as Owner[];
  for (const owner of owners.filter((one) => lifeOf(one) === "dead")) removeLive(store, owner);
}
