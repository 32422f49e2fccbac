/** A run of the screen from what is stored of it. Pure. */
import { errorText } from "../../protocol/divergence.js";
import type { LiveAttempt, WatchedRow } from "../../store/read.js";
import type { ScreenRun } from "../data.js";
import { momentOf } from "./live.js";

export interface Stored {
  label: string;
  row: WatchedRow;
  tags: readonly string[];
  settings: ScreenRun["settings"];
  live: LiveAttempt | undefined;
  lane: number | null;
  /** The best epoch until now, of an attempt that is not finished. */
  bestSoFar: number | null;
  /** Reads the losses; called when they are looked at. */
  losses: () => ScreenRun["losses"];
}

export function screenRun(
  { label, row, tags, settings, live, lane, bestSoFar, losses }: Stored,
  now: number,
): ScreenRun {
  const running = row.state === "running";
  const totalSteps = row.total_steps ?? 0;
  const epochs = epochsOf(row);
  const done = row.state === "finished" ? totalSteps : 0;
  const stored = { phase: null, step: row.step ?? done, loss: row.loss, secondsLeft: null };
  const moment = running ? momentOf(row, live, now) : { ...stored, tokensPerSecond: row.tokens_per_second };
  return {
    id: row.run,
    label,
    state: row.state,
    lane: running ? lane : null,
    ...moment,
    totalSteps,
    epoch: row.attempt === null || totalSteps === 0 ? null : (epochs * moment.step) / totalSteps,
    epochs,
    scoreName: row.score_name,
    score: row.state === "finished" ? row.best_score : row.newest_score,
    bestEpoch: row.best_epoch ?? bestSoFar,
    majorityScore: row.majority_score,
    collapsed: row.collapsed === 1,
    get losses() {
      return losses();
    },
    seconds: secondsOf(row, now),
    reason: reasonOf(row),
    merges: row.merges,
    injections: row.injections,
    trainableParameters: row.trainable_parameters,
    tags,
    settings,
  };
}

/** Whole seconds, so that a run does not change more often than people see. */
function secondsOf({ state, started_at, ended_at, total_seconds }: WatchedRow, now: number): number | null {
  if (started_at === null) return null;
  if (state === "running") return Math.max(0, Math.floor((now - Date.parse(started_at)) / 1000));
  return total_seconds ?? (ended_at === null ? null : (Date.parse(ended_at) - Date.parse(started_at)) / 1000);
}

/** A run that was planned in steps says how many epochs they are only when its training starts. */
function epochsOf(row: WatchedRow): number {
  const known = row.num_epochs ?? row.planned_epochs;
  if (known !== null) return known;
  const rows = (row.batch_size ?? 0) * (row.gradient_accumulation_steps ?? 1);
  if (rows === 0 || !row.train_rows) return 0;
  return (row.total_steps ?? 0) / Math.ceil(row.train_rows / rows);
}

function reasonOf({ state, error_type, message }: WatchedRow): string | null {
  if (state === "finished" || state === "running") return null;
  return error_type === null ? message : errorText(error_type, message ?? "");
}
