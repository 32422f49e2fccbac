import { ProtocolError } from "../errors.js";
import { bytesOf } from "../files.js";
import type { EventOf, Outcome, WorkerEvent } from "../protocol/messages.js";
import { raise, raiseMeasured, raiseOutcome } from "./alerts.js";
import { recordEnvironment } from "./environment.js";
import { type GitState, gitState } from "./git.js";
import { attemptGone } from "./lost-rows.js";
import type { Store } from "./store.js";

/** The attempt of each cell that a worker trains. */
export type AttemptsByCell = Map<string, number>;

export interface EndDetail {
  error_type?: string;
  message?: string;
  traceback?: string;
}

/**
 * Stores a batch of one worker's events in one transaction. Events that are stored already (`seq` not above the
 * attempt's last one) change nothing, so a batch may be sent again after a crash.
 * `ready` describes where all of these attempts run.
 */
export function ingest(
  store: Store,
  attempts: AttemptsByCell,
  events: WorkerEvent[],
  git: GitState | null | undefined = undefined,
): void {
  const wanted = events
    .map((event) => ({ event, ids: attemptsOf(event, attempts) }))
    .filter(({ ids }) => ids.length > 0);
  if (wanted.length === 0) return;
  // Asking git takes milliseconds, so do it before taking the write lock.
  const state =
    git === undefined && events.some((event) => event.type === "ready") ? gitState(process.cwd()) : (git ?? null);
  store.write(() => {
    const newest = new Map<number, number>();
    for (const { event, ids } of wanted) {
      const fresh = ids.filter((id) => event.seq > (newest.get(id) ?? lastSeq(store, id)));
      if (fresh.length === 0) continue;
      apply(store, event, fresh, state);
      for (const id of fresh) newest.set(id, event.seq);
    }
    // An event counts as a heartbeat. A lost attempt ended, as far as we know, at its last heartbeat.
    const remember = store.prepare("UPDATE attempts SET last_seq = ?, heartbeat_at = ? WHERE id = ?");
    const now = new Date().toISOString();
    for (const [id, seq] of newest) remember.run(seq, now, id);
  });
}

/**
 * Ends a running attempt; returns false if it had ended already. The worker's own outcome also replaces `lost`, because
 * that was only the runner's guess. No other outcome is ever overwritten.
 */
export function endAttempt(store: Store, attemptId: number, outcome: Outcome, detail: EndDetail = {}): boolean {
  return store.write(() => {
    const { changes } = store
      .prepare(
        `UPDATE attempts SET outcome = @outcome, ended_at = @now, error_type = @error_type, message = @message,
                             traceback = @traceback, disk_bytes = @disk_bytes
         WHERE id = @id AND (outcome IS NULL OR (outcome = 'lost' AND @outcome <> 'lost'))`,
      )
      .run({
        id: attemptId,
        outcome,
        now: new Date().toISOString(),
        error_type: detail.error_type ?? null,
        message: detail.message ?? null,
        traceback: detail.traceback ?? null,
        disk_bytes: diskOf(store, attemptId),
      });
    store.prepare("DELETE FROM live_attempts WHERE attempt = ?").run(attemptId);
    if (changes === 1) raiseOutcome(store, attemptId, outcome, detail);
    return changes === 1;
  });
}

/** Bytes of an attempt's folder. The worker saves the adapter before it sends the outcome. */
function diskOf(store: Store, attemptId: number): number | null {
  const folder = store.prepare("SELECT folder FROM attempts WHERE id = ?").pluck().get(attemptId) as string | undefined;
  return folder === undefined ? null : bytesOf(store.results.fromStored(folder));
}

function attemptsOf(event: WorkerEvent, attempts: AttemptsByCell): number[] {
  if (event.type === "ready") return [...attempts.values()];
  if (!("cells" in event) || event.type === "progress" || event.type === "log") return [];
  return event.cells.map((cell) => {
    const attempt = attempts.get(cell);
    if (attempt === undefined) {
      throw new ProtocolError("UNKNOWN_CELL", `the worker sent ${event.type} for cell ${cell}, which it was not given`);
    }
    return attempt;
  });
}

function lastSeq(store: Store, attempt: number): number {
  const seq = store.prepare("SELECT last_seq FROM attempts WHERE id = ?").pluck().get(attempt) as number | undefined;
  if (seq === undefined) throw attemptGone(store, attempt);
  return seq;
}

function apply(store: Store, event: WorkerEvent, ids: number[], git: GitState | null): void {
  switch (event.type) {
    case "ready": {
      const environment = recordEnvironment(store, event, git);
      for (const id of ids) store.prepare("UPDATE attempts SET environment = ? WHERE id = ?").run(environment, id);
      return;
    }
    case "started":
      for (const id of ids) applyStarted(store, event, id);
      return;
    case "metrics":
      for (const id of ids) applyMetrics(store, event, id);
      return;
    case "change":
      for (const id of ids) applyChange(store, event, id);
      return;
    case "module_scores":
      for (const id of ids) applyModuleScores(store, event, id);
      return;
    case "tree": {
      const bundle = insertBundle(store, event);
      for (const id of ids) store.prepare("UPDATE attempts SET bundle = ? WHERE id = ?").run(bundle, id);
      return;
    }
    case "usage":
      for (const id of ids) applyUsage(store, event, id);
      return;
    case "ranks":
      for (const id of ids) applyRanks(store, event, id);
      return;
    case "artifact":
      for (const id of ids) {
        store
          .prepare("INSERT OR REPLACE INTO artifacts (attempt, path, kind, bytes, sha256) VALUES (?, ?, ?, ?, ?)")
          .run(id, store.results.toStored(event.path), event.kind, event.bytes, event.sha256);
      }
      return;
    case "finished":
      for (const id of ids) if (endAttempt(store, id, "finished")) applyFinished(store, event, id);
      return;
    case "failed":
      for (const id of ids) endAttempt(store, id, "failed", event);
      return;
    case "out_of_memory":
      for (const id of ids) {
        if (!endAttempt(store, id, "out_of_memory", { message: event.message })) continue;
        store.prepare("UPDATE attempts SET peak_memory = ? WHERE id = ?").run(event.peak_memory, id);
      }
      return;
    case "stopped":
      for (const id of ids) {
        if (!endAttempt(store, id, "stopped")) continue;
        store.prepare("UPDATE attempts SET stopped_at_step = ? WHERE id = ?").run(event.step, id);
      }
      return;
    case "progress":
    case "device_usage":
    case "log":
    case "inspected":
    case "sources":
    case "counted":
    case "examined":
    case "surveyed":
    case "predictions":
    case "predicting":
    case "predicted":
    case "exported":
    case "hub_access":
    case "pushed":
    case "evaluation_planned":
    case "evaluating":
    case "samples":
    case "evaluated":
    case "generated":
    case "doing":
    case "done":
    case "ended":
      return; // not stored: these are shown, logged, or answers to a question
    default: {
      const unknown: never = event; // a new event type does not compile until it has a case
      throw new ProtocolError("UNKNOWN_EVENT", `cannot store ${JSON.stringify(unknown)}`);
    }
  }
}

function applyStarted(store: Store, event: EventOf<"started">, id: number): void {
  store
    .prepare(
      `UPDATE attempts SET trainable_parameters = @trainable_parameters, head_parameters = @head_parameters,
         total_parameters = @total_parameters, train_rows = @train_rows, eval_rows = @eval_rows,
         total_steps = @total_steps, num_epochs = @num_epochs, majority_score = @majority_score,
         score_name = @score_name, initial_weights = @initial_weights, resumed_step = @resumed_step WHERE id = @id`,
    )
    .run({ ...scalars(event), id });
  event.notes.forEach((text, position) => {
    store.prepare("INSERT OR REPLACE INTO notes (attempt, position, text) VALUES (?, ?, ?)").run(id, position, text);
  });
}

function applyMetrics(store: Store, event: EventOf<"metrics">, id: number): void {
  // Triggers keep metric_summaries. They need an update to see a value change, and REPLACE is none.
  const insert = store.prepare(
    `INSERT INTO metrics (attempt, split, name, step, epoch, value, diverged) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET epoch = excluded.epoch, value = excluded.value, diverged = excluded.diverged`,
  );
  const diverged = new Set(event.diverged);
  for (const name of new Set([...Object.keys(event.values), ...diverged])) {
    const value = diverged.has(name) ? null : (event.values[name] ?? null);
    insert.run(id, event.split, name, event.step, event.epoch, value, diverged.has(name) ? 1 : 0);
  }
  raiseMeasured(store, id, event);
}

function applyChange(store: Store, event: EventOf<"change">, id: number): void {
  store
    .prepare(
      `INSERT OR REPLACE INTO changes (attempt, seq, kind, step, epoch, span_start, span_end, source, score, margin,
                                       scores_from_epoch, trainable_parameters, detail)
       VALUES (@id, @seq, @kind, @step, @epoch, @span_start, @span_end, @source, @score, @margin,
               @scores_from_epoch, @trainable_parameters, @detail)`,
    )
    .run({ ...scalars(event), id });
}

function applyModuleScores(store: Store, event: EventOf<"module_scores">, id: number): void {
  const insert = store.prepare(
    `INSERT OR REPLACE INTO module_scores (attempt, score_name, step, epoch, span_start, span_end, kind, score,
                                           trainable_parameters) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const { score_name, step, epoch, trainable_parameters } = event;
  for (const module of event.modules) {
    insert.run(
      id,
      score_name,
      step,
      epoch,
      module.span_start,
      module.span_end,
      module.kind,
      module.score,
      trainable_parameters,
    );
  }
}

function insertBundle(store: Store, event: EventOf<"tree">): number | bigint {
  return store
    .prepare(
      `INSERT INTO bundles (lane_epochs, cell_epochs, lanes, lane_width, forks, longest_fork_seconds, train_seconds,
                            evaluate_seconds, cpu_seconds, peak_memory, energy, trained_at)
       VALUES (@lane_epochs, @cell_epochs, @lanes, @lane_width, @forks, @longest_fork_seconds, @train_seconds,
               @evaluate_seconds, @cpu_seconds, @peak_memory, @energy, @now)`,
    )
    .run({ ...scalars(event), now: new Date().toISOString() }).lastInsertRowid;
}

/** Each event has sums since the beginning, so the newest one replaces what is stored. */
function applyUsage(store: Store, event: EventOf<"usage">, id: number): void {
  store
    .prepare(
      `UPDATE attempts SET peak_memory = @peak_memory, mean_memory = @memory_mean, p99_memory = @memory_p99,
         mean_utilization = @utilization_mean, max_utilization = @utilization_max, cpu_seconds = @cpu_seconds,
         energy = @energy, usage_seconds = @seconds WHERE id = @id`,
    )
    .run({ ...scalars(event), id });
}

function applyRanks(store: Store, { step, epoch, modules }: EventOf<"ranks">, id: number): void {
  const insert = store.prepare(
    "INSERT OR REPLACE INTO ranks (attempt, module, step, epoch, rank) VALUES (?, ?, ?, ?, ?)",
  );
  for (const { module, rank } of modules) insert.run(id, module, step, epoch, rank);
}

function applyFinished(store: Store, event: EventOf<"finished">, id: number): void {
  store
    .prepare(
      `UPDATE attempts SET score_name = @score_name, best_score = @best_score, best_epoch = @best_epoch,
         last_score = @last_score, chosen_on = @chosen_on, chosen_score = @chosen_score,
         eval_best_score = @eval_best_score, eval_best_epoch = @eval_best_epoch, collapsed = @collapsed,
         collapsed_to = @collapsed_to, collapsed_share = @collapsed_share,
         majority_score = @majority_score, train_seconds = @train_seconds,
         total_seconds = @total_seconds, train_tokens = @train_tokens, batch_order = @batch_order,
         final_trainable_parameters = @trainable_parameters, peak_memory = @peak_memory WHERE id = @id`,
    )
    .run({ ...scalars(event), collapsed: event.collapsed ? 1 : 0, id });
  if (event.collapsed) {
    const message = `all evaluation rows have one prediction${event.collapsed_to === null ? "" : `: ${event.collapsed_to}`}`;
    raise(store, id, { kind: "collapsed", level: "warn", message, epoch: event.best_epoch });
  }
  for (const text of event.notes) {
    store
      .prepare(
        `INSERT INTO notes (attempt, position, text)
         SELECT @id, coalesce(max(position), -1) + 1, @text FROM notes WHERE attempt = @id`,
      )
      .run({ id, text });
  }
}

/** Drops arrays: the driver rejects them even where the statement does not name them. */
function scalars<T extends { cells: string[] }>(event: T): Record<string, unknown> {
  return Object.fromEntries(Object.entries(event).filter(([, value]) => value === null || typeof value !== "object"));
}
