/** Reads what goes on right now, of all jobs that use the file. */
import { LEASE_SECONDS } from "./lease.js";
import { devicesOf } from "./live-devices.js";
import type { LiveAttempt, LiveDevice, LiveJob, WorkerReading } from "./live-rows.js";
import { describeOwner, lifeOf } from "./owners/index.js";
import type { Life } from "./owners/kind.js";
import type { Store } from "./store.js";

/** How far the running attempts of these runs are; those of all runs if `runs` is null. None for one that only begins. */
export function liveAttempts(store: Store, runs: readonly string[] | null): LiveAttempt[] {
  return store
    .prepare(
      `SELECT a.run, l.attempt, l.lane, l.phase, l.step, l.total_steps, l.epoch, l.loss, l.tokens_per_second, l.seconds_left,
              l.at
       FROM live_attempts l JOIN attempts a ON a.id = l.attempt AND a.outcome IS NULL
       WHERE @runs IS NULL OR a.run IN (SELECT value FROM json_each(@runs)) ORDER BY l.attempt`,
    )
    .all({ runs: runs === null ? null : JSON.stringify(runs) }) as LiveAttempt[];
}

/** The jobs that work on an experiment, oldest word first; on any if it is null. */
export function liveJobs(store: Store, experiment: number | null): LiveJob[] {
  const rows = store
    .prepare(
      `SELECT experiment, owner_kind, owner, fraction, seconds_left, at FROM live_jobs
       WHERE @experiment IS NULL OR experiment = @experiment ORDER BY at`,
    )
    .all({ experiment }) as (LiveJob & Owned)[];
  return ofLiving(rows).map(({ owner_kind: kind, owner: id, ...row }) => ({
    ...row,
    owner: describeOwner({ kind, id }),
  }));
}

/** What devices last reported to jobs that live. */
export function liveDevices(store: Store): LiveDevice[] {
  const rows = store.prepare("SELECT * FROM live_devices").all() as (WorkerReading & Owned)[];
  return devicesOf(ofLiving(rows).map(({ owner_kind: _, owner: __, ...row }) => row));
}

interface Owned {
  owner_kind: string;
  owner: string;
  at: string;
}

/** Rows whose process lives, as far as can be told here. Of one on another machine only its last word tells. */
function ofLiving<Row extends Owned>(rows: readonly Row[]): Row[] {
  const oldest = new Date(Date.now() - LEASE_SECONDS * 1000).toISOString();
  const lives = new Map<string, Life>();
  return rows.filter(({ owner_kind: kind, owner: id, at }) => {
    const key = JSON.stringify([kind, id]);
    const life = lives.get(key) ?? lifeOf({ kind, id });
    lives.set(key, life);
    return life !== "dead" && (life !== "elsewhere" || at >= oldest);
  });
}
