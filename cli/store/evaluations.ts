/** Writes evaluations: scores of benchmarks, of the adapter of a run or of an untuned model. */
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { Lor2cError, UsageError } from "../errors.js";
import type { EventOf } from "../protocol/messages.js";
import { recordEnvironment } from "./environment.js";
import { type GitState, gitState } from "./git.js";
import { leaseEnd } from "./lease.js";
import { describeOwner, lifeOf } from "./owners/index.js";
import type { Owner } from "./owners/kind.js";
import { thisProcess } from "./owners/process.js";
import { type EvaluationRow, getEvaluation } from "./read-evaluations.js";
import type { Store } from "./store.js";

/** What an evaluation is of. Equal values give equal scores, so they are its key. */
interface EvaluationIdentity {
  model_hash: string;
  /** Null: the untuned model. */
  adapter_hash: string | null;
  protocol: string;
  benchmark: string;
  data_hash: string;
  settings_hash: string;
}

/** 16 hexadecimal digits, as a run's id. */
function evaluationKey(identity: EvaluationIdentity): string {
  const { model_hash, adapter_hash, protocol, benchmark, data_hash, settings_hash } = identity;
  return createHash("sha256")
    .update(JSON.stringify([model_hash, adapter_hash, protocol, benchmark, data_hash, settings_hash]))
    .digest("hex")
    .slice(0, 16);
}

export interface EvaluationClaim extends EvaluationIdentity {
  /** Name of the model. */
  model: string;
  /** The run whose adapter is evaluated, or whose method is `none`; null: nobody trained anything. */
  run: string | null;
  /** What was asked for, as the command has it. */
  settings: object;
  planned: Pick<
    EventOf<"evaluation_planned">["benchmarks"][number],
    "metric" | "decoding" | "rows" | "all_rows" | "shots" | "cut_rows" | "max_new_tokens"
  >;
  ready: EventOf<"ready">;
}

export type Claimed =
  | { key: string; folder: string }
  | { stored: EvaluationRow }
  /** Another process evaluates it; the text names that process. */
  | { busy: string };

/**
 * Takes an evaluation for this process, and makes its folder. Samples of an earlier process are dropped: the worker
 * tells the rows in `samples.jsonl` again.
 */
export function claimEvaluation(store: Store, claim: EvaluationClaim): Claimed {
  const key = evaluationKey(claim);
  // Both take their time, so they come before the write lock.
  const place = { own: thisProcess(), git: gitState(process.cwd()) };
  const claimed = store.write((): Claimed => {
    const known = getEvaluation(store, key);
    if (known?.state === "finished") {
      link(store, key, claim.run);
      return { stored: known };
    }
    const owner = ownerOf(store, key);
    if (owner && isWorking(owner, place.own)) return { busy: describeOwner(owner) };
    const folder = known?.folder ?? folderOf(store, key, claim);
    upsert(store, key, claim, { folder: store.results.toStored(folder), ...place });
    link(store, key, claim.run);
    store.prepare("DELETE FROM samples WHERE evaluation = ?").run(key);
    return { key, folder };
  });
  if ("folder" in claimed) mkdirSync(claimed.folder, { recursive: true });
  return claimed;
}

/** Stores rows that were scored; rows that are stored already change nothing. `from`: how many were told before. */
export function recordSamples(store: Store, key: string, items: EventOf<"samples">["items"], from: number): void {
  store.write(() => {
    const insert = store.prepare(
      `INSERT INTO samples (evaluation, row, position, task, prompt_hash, prompt_tokens, shots, output, new_tokens,
                            gold, score, detail)
       VALUES (@key, @row, @position, @task, @prompt_hash, @prompt_tokens, @shots, @output, @new_tokens, @gold,
               @score, @detail)
       ON CONFLICT (evaluation, row) DO NOTHING`,
    );
    items.forEach((item, index) => {
      insert.run({ ...item, key, position: from + index });
    });
    const known = store.prepare("SELECT 1 FROM evaluations WHERE key = ?").get(key);
    if (known === undefined) throw gone(store, key);
  });
}

/**
 * Records that this process still works on these evaluations, also on those whose turn has not come. Call it every
 * HEARTBEAT_SECONDS: a model may load, and a row may take, longer than a lease.
 */
export function keepEvaluations(store: Store, keys: readonly string[]): void {
  const { id } = thisProcess();
  store.write(() => {
    const keep = store.prepare("UPDATE evaluations SET lease_until = ? WHERE key = ? AND owner = ?");
    for (const key of keys) keep.run(leaseEnd(new Date()), key, id);
  });
}

/** Stores the result. Throws if rows are missing, since a score without its rows could not be checked. */
export function finishEvaluation(store: Store, key: string, event: EventOf<"evaluated">): void {
  store.write(() => {
    const stored = store.prepare("SELECT count(*) FROM samples WHERE evaluation = ?").pluck().get(key) as number;
    if (stored !== event.rows) {
      throw new Lor2cError("SAMPLES_MISSING", `${stored} of ${event.rows} rows of ${event.benchmark} are stored`);
    }
    const { changes } = store
      .prepare(
        `UPDATE evaluations SET score = @score, standard_error = @standard_error, metric = @metric,
           decoding = @decoding, rows = @rows, all_rows = @all_rows, shots = @shots, cut_rows = @cut_rows,
           max_new_tokens = @max_new_tokens, seconds = @seconds, prompt_tokens = @prompt_tokens,
           new_tokens = @new_tokens, samples_sha256 = @samples_sha256, message = NULL, ended_at = @now,
           owner_kind = NULL, owner = NULL, lease_until = NULL
         WHERE key = @key`,
      )
      .run({ ...event, tasks: null, notes: null, key, now: new Date().toISOString() });
    if (changes === 0) throw gone(store, key);
    const task = store.prepare(
      "INSERT OR REPLACE INTO evaluation_tasks (evaluation, task, score, standard_error, rows) VALUES (?, ?, ?, ?, ?)",
    );
    for (const { task: name, score, standard_error, rows } of event.tasks) {
      task.run(key, name, score, standard_error, rows);
    }
    store.prepare("DELETE FROM evaluation_notes WHERE evaluation = ?").run(key);
    const note = store.prepare("INSERT INTO evaluation_notes (evaluation, position, text) VALUES (?, ?, ?)");
    event.notes.forEach((text, position) => {
      note.run(key, position, text);
    });
  });
}

/**
 * Gives up evaluations of this process that have no result. `message`: why they failed; null: they were stopped. What
 * another process has taken over, after this one was suspended for longer than a lease, stays that one's.
 */
export function leaveEvaluations(store: Store, keys: readonly string[], message: string | null): void {
  const { id } = thisProcess();
  store.write(() => {
    const leave = store.prepare(
      `UPDATE evaluations SET owner_kind = NULL, owner = NULL, lease_until = NULL, message = ?, ended_at = ?
       WHERE key = ? AND owner = ? AND score IS NULL`,
    );
    for (const key of keys) leave.run(message, new Date().toISOString(), key, id);
  });
}

/** Within `rm`: refuses runs that a process evaluates. Returns who does it. */
export function evaluatorOf(store: Store, run: string): string | null {
  const rows = store
    .prepare(
      `SELECT e.owner_kind, e.owner, e.lease_until FROM evaluation_runs l JOIN evaluations e ON e.key = l.evaluation
       WHERE l.run = ? AND e.owner IS NOT NULL`,
    )
    .all(run) as { owner_kind: string; owner: string; lease_until: string }[];
  const owner = rows
    .map((row) => ({ kind: row.owner_kind, id: row.owner, until: row.lease_until }))
    .find((one) => isWorking(one));
  return owner ? describeOwner(owner) : null;
}

export interface EvaluatingOfRun {
  evaluation: string;
  benchmark: string;
  run: string;
  label: string;
  /** For people. */
  owner: string;
}

/** The evaluations of these runs that a process carries out; those of all runs if `runs` is null. */
export function evaluatingOf(store: Store, runs: readonly string[] | null): EvaluatingOfRun[] {
  const rows = store
    .prepare(
      `SELECT e.key AS evaluation, e.benchmark, l.run, r.label, e.owner_kind AS kind, e.owner AS id, e.lease_until AS until
       FROM evaluations e JOIN evaluation_runs l ON l.evaluation = e.key JOIN runs r ON r.id = l.run
       WHERE e.owner IS NOT NULL AND (@runs IS NULL OR l.run IN (SELECT value FROM json_each(@runs)))
       ORDER BY e.begun_at, e.key, l.run`,
    )
    .all({ runs: runs === null ? null : JSON.stringify(runs) }) as (OwnerWithLease & Omit<EvaluatingOfRun, "owner">)[];
  return rows.flatMap(({ kind, id, until, ...rest }) => {
    const owner = { kind, id, until };
    return isWorking(owner) ? { ...rest, owner: describeOwner(owner) } : [];
  });
}

/** Throws UsageError if a process carries out this evaluation, of `model`. */
export function refuseEvaluated(store: Store, key: string, model: string): void {
  const owner = ownerOf(store, key);
  if (!owner || !isWorking(owner)) return;
  throw new UsageError(
    "RUN_RUNNING",
    `${model} is being evaluated by ${describeOwner(owner)}; nothing was removed`,
    "wait for it, or end it with Ctrl-C there",
  );
}

/** Deletes evaluations of adapters that no run has any more. Those of untuned models stay. */
export function deleteUnusedEvaluations(store: Store): void {
  store
    .prepare(
      `DELETE FROM evaluations WHERE adapter_hash IS NOT NULL
         AND key NOT IN (SELECT evaluation FROM evaluation_runs)`,
    )
    .run();
}

const link = (store: Store, key: string, run: string | null) => {
  if (run === null) return;
  store.prepare("INSERT OR IGNORE INTO evaluation_runs (run, evaluation) VALUES (?, ?)").run(run, key);
};

/** An adapter's in the folder of its run; an untuned model belongs to no run. */
const folderOf = (store: Store, key: string, { run, adapter_hash }: EvaluationClaim): string =>
  run !== null && adapter_hash !== null ? store.results.ofEvaluation(key, run) : store.results.ofEvaluation(key, null);

interface OwnerWithLease extends Owner {
  until: string;
}

function ownerOf(store: Store, key: string): OwnerWithLease | null {
  const row = store
    .prepare("SELECT owner_kind, owner, lease_until FROM evaluations WHERE key = ? AND owner IS NOT NULL")
    .get(key) as { owner_kind: string; owner: string; lease_until: string } | undefined;
  return row ? { kind: row.owner_kind, id: row.owner, until: row.lease_until } : null;
}

/** An owner about which nothing is known counts as working. `own`: this process, which does not stand in its own way. */
function isWorking(owner: OwnerWithLease, own?: Owner): boolean {
  if (owner.id === own?.id) return false;
  const life = lifeOf(owner);
  return life !== "dead" && !(life === "elsewhere" && owner.until < new Date().toISOString());
}

function upsert(
  store: Store,
  key: string,
  claim: EvaluationClaim,
  { folder, own, git }: { folder: string; own: Owner; git: GitState | null },
): void {
  const { model, model_hash, adapter_hash, protocol, benchmark, data_hash, settings_hash, planned } = claim;
  const now = new Date();
  store
    .prepare(
      `INSERT INTO evaluations (key, model, model_hash, adapter_hash, protocol, benchmark, data_hash, settings_hash,
         settings, metric, decoding, rows, all_rows, shots, cut_rows, max_new_tokens, folder, environment, owner_kind,
         owner, lease_until, begun_at)
       VALUES (@key, @model, @model_hash, @adapter_hash, @protocol, @benchmark, @data_hash, @settings_hash, @settings,
         @metric, @decoding, @rows, @all_rows, @shots, @cut_rows, @max_new_tokens, @folder, @environment, @kind,
         @owner, @until, @now)
       ON CONFLICT (key) DO UPDATE SET environment = excluded.environment, owner_kind = excluded.owner_kind,
         owner = excluded.owner, lease_until = excluded.lease_until, settings = excluded.settings, message = NULL,
         ended_at = NULL`,
    )
    .run({
      ...{ key, model, model_hash, adapter_hash, protocol, benchmark, data_hash, settings_hash, folder },
      ...{ metric: planned.metric, decoding: planned.decoding, rows: planned.rows, all_rows: planned.all_rows },
      ...{ shots: planned.shots, cut_rows: planned.cut_rows, max_new_tokens: planned.max_new_tokens },
      settings: JSON.stringify(claim.settings),
      environment: recordEnvironment(store, claim.ready, git),
      kind: own.kind,
      owner: own.id,
      until: leaseEnd(now),
      now: now.toISOString(),
    });
}

const gone = (store: Store, key: string): Lor2cError =>
  new Lor2cError(
    "EVALUATION_GONE",
    `the row of evaluation ${key}, which is in progress, is no longer in ${store.path}`,
    "delete runs with lor2c rm, which refuses to delete runs in evaluation",
  );
