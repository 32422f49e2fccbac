import { divergence } from "../protocol/divergence.js";
import {
  type ArtifactRow,
  type AttemptRow,
  type EnvironmentRow,
  type EvaluationRow,
  evaluationsOf,
  type ForecastRow,
  getArtifacts,
  getAttempt,
  getEnvironment,
  getForecast,
  getNotes,
  getSettings,
  type NextStart,
  nextStarts,
  type RunRow,
  type ScoreSoFar,
  scoresSoFar,
  trainedTogether,
} from "../store/read.js";
import { constantAnswer } from "../store/score-direction.js";
import { collapseText } from "./collapse.js";
import { storedEvaluation } from "./evaluation-json.js";
import { benchmarkNotes, decodings, scoreCells } from "./evaluation-table.js";
import { comparisonLines } from "./forecast-comparison.js";
import { formatCount, formatEpoch, formatScore, formatSeconds, formatSoFar, formatValue, plural } from "./format.js";
import { nextStartText } from "./next-start.js";
import { formatBytes } from "./parts/bytes.js";
import { type Fact, facts } from "./parts/facts.js";
import { prose } from "./parts/prose.js";
import { type TableColumn, tableLines } from "./parts/table.js";
import { usageFacts } from "./usage.js";
import { loadEach, textOfEach, type View } from "./view.js";

/** How many lines of a traceback are shown: the last ones say what happened. */
const TRACEBACK_LINES = 15;

export interface SummaryData {
  run: RunRow;
  settings: Record<string, unknown>;
  attempt: AttemptRow | null;
  /** Where it begins when it is trained again; null if it is finished, in training, or was never begun. */
  next: NextStart | null;
  /** Of an attempt that has not finished. */
  score_so_far: ScoreSoFar | null;
  /** Runs of the training that the attempt was part of; 0 if that is not known. */
  together: number;
  notes: string[];
  environment: EnvironmentRow | null;
  artifacts: ArtifactRow[];
  /** The newest forecast; null for runs from before there were forecasts. */
  forecast: ForecastRow | null;
  evaluations: Omit<EvaluationRow, "settings">[];
}

export const runSummary: View<SummaryData> = {
  load: loadEach((store, run) => {
    const id = run.attempt_id;
    const artifacts = id === null ? [] : getArtifacts(store, id);
    const adapter = artifacts.find(({ kind }) => kind === "adapter")?.sha256;
    return {
      run,
      settings: getSettings(store, run.id),
      attempt: id === null ? null : (getAttempt(store, id) ?? null),
      next: id === null ? null : (nextStarts(store, [run.id]).get(run.id) ?? null),
      together: id === null ? 0 : trainedTogether(store, id),
      score_so_far: id === null ? null : (scoresSoFar(store, [id]).get(id) ?? null),
      notes: id === null ? [] : getNotes(store, id),
      environment: run.environment === null ? null : (getEnvironment(store, run.environment) ?? null),
      artifacts,
      forecast: getForecast(store, run.id) ?? null,
      evaluations: evaluationsOf(store, run.id).map((row) => storedEvaluation(withEarlier(row, adapter))),
    };
  }),
  text: textOfEach(summaryText, { alwaysNamed: true }),
};

/** A run that was trained again, or whose adapter was changed since, keeps the scores of its earlier adapter. */
function withEarlier(row: EvaluationRow, adapter: string | undefined): EvaluationRow {
  if (row.adapter_hash === null || adapter === undefined || row.adapter_hash === adapter) return row;
  return { ...row, notes: [`${formatScore(row.score)} is of another adapter than the run has now`, ...row.notes] };
}

function summaryText(
  {
    run,
    settings,
    attempt,
    next,
    score_so_far,
    together,
    notes,
    environment,
    artifacts,
    forecast,
    evaluations,
  }: SummaryData,
  width: number | null,
): string {
  const lines = facts(runFacts(run, attempt, score_so_far, settings), width);
  if (attempt) lines.push("", ...facts(attemptFacts(run, attempt, { environment, together, next }), width));
  if (forecast) lines.push("", ...comparisonLines(forecast, attempt, width));
  if (evaluations.length > 0) lines.push("", ...evaluationLines(evaluations, width));
  if (notes.length > 0) lines.push("", ...notes.flatMap((note) => prose(`note: ${note}`, width)));
  if (artifacts.length > 0) lines.push("", ...facts(artifacts.map(artifactFact), width));
  if (attempt?.traceback) {
    const trace = attempt.traceback.trimEnd().split("\n");
    const hidden = trace.length - TRACEBACK_LINES;
    lines.push("", hidden > 0 ? `traceback (${plural(hidden, "line")} above)` : "traceback");
    lines.push(...trace.slice(-TRACEBACK_LINES).map((line) => `  ${line}`));
  }
  return lines.join("\n");
}

const SCORED: readonly TableColumn[] = [
  { key: "benchmark", title: "benchmark" },
  { key: "score", title: "score", align: "right" },
  { key: "error", title: "± s.e.", align: "right" },
  { key: "rows", title: "rows", align: "right" },
  { key: "shots", title: "shots", align: "right" },
];

/** Benchmarks with their scores, whole ones and those that are unfinished or failed. */
function evaluationLines(rows: SummaryData["evaluations"], width: number | null): string[] {
  const cells = rows.map((row) => [row.benchmark, ...scoreCells(row)]);
  const remarks = [...decodings(rows), ...benchmarkNotes(rows)].flatMap((text) => prose(text, width));
  return [...tableLines(SCORED, cells, width), ...remarks];
}

function runFacts(
  run: RunRow,
  attempt: AttemptRow | null,
  soFar: ScoreSoFar | null,
  settings: Record<string, unknown>,
): Fact[] {
  const again =
    run.running_attempt !== null && run.state !== "running" ? `, attempt ${run.running_attempt} is running` : "";
  return [
    ["state", stateText(run) + again],
    ["collapsed", run.collapsed ? collapseText(attempt, settings) : null],
    ...scoreFacts(run, soFar),
    ["model", run.model],
    ["task", run.task],
    ["method", run.method],
    ["seed", String(run.seed)],
    ["trainable", trainable(run)],
    [
      "rows",
      run.train_rows === null ? null : `${formatCount(run.train_rows)} train, ${formatCount(run.eval_rows)} eval`,
    ],
    ["training", training(run)],
    ["tags", run.tags.join(" ")],
    ["baseline", run.baseline ? `of ${run.model} on ${run.task}` : null],
    ["noted", run.note],
  ];
}

function stateText({ state, error_type, message }: RunRow): string {
  const diverged = divergence(error_type, message);
  return state.replaceAll("_", " ") + (diverged ? `, ${diverged}` : "");
}

/**
 * The best, last and fixed score, and, if held-out rows chose, what choosing on the evaluation rows would have added.
 */
function scoreFacts(run: RunRow, soFar: ScoreSoFar | null): Fact[] {
  const name = run.score_name ?? "score";
  const fixed = run.report_epoch === null ? null : formatScore(run.fixed_score);
  const held = run.chosen_on === "holdout";
  return [
    [name, run.best_score === null ? soFarText(soFar) : `${formatScore(run.best_score)} ${bestDetail(run)}`],
    ["at the end", run.last_score === null ? null : formatScore(run.last_score)],
    [`at epoch ${run.report_epoch}`, fixed === "-" ? "- (not reached)" : fixed],
    [
      "optimism",
      held && run.optimism !== null
        ? `${formatScore(run.optimism)}: choosing on the evaluation rows would have given ` +
          `${formatScore(run.eval_best_score)} after epoch ${formatEpoch(run.eval_best_epoch)}`
        : null,
    ],
  ];
}

const soFarText = (soFar: ScoreSoFar | null): string | null =>
  soFar && `${formatSoFar(soFar.score)} after epoch ${formatEpoch(soFar.epoch)}: the best until now, not final`;

function bestDetail(run: RunRow): string {
  const held = run.chosen_on === "holdout" ? `, chosen on held-out rows, ${formatScore(run.chosen_score)} there` : "";
  const majority =
    run.majority_score === null ? "" : ` (${constantAnswer(run.score_name)} ${formatScore(run.majority_score)})`;
  return `after epoch ${formatEpoch(run.best_epoch)}${held}${majority}`;
}

function trainable(run: RunRow): string | null {
  if (run.trainable_parameters === null) return null;
  const changed = run.final_trainable_parameters !== run.trainable_parameters;
  const end = changed ? ` (${formatCount(run.final_trainable_parameters)} at the end)` : "";
  return `${formatCount(run.trainable_parameters)}${end} + ${formatCount(run.head_parameters)} head, of ${formatCount(run.total_parameters)}`;
}

function training(run: RunRow): string {
  const parts = [
    run.total_steps === null ? null : plural(run.total_steps, "step"),
    `batch ${run.batch_size}`,
    `learning rate ${formatValue(run.learning_rate)}`,
    run.precision,
  ];
  return parts.filter((part) => part !== null).join(", ");
}

function attemptFacts(
  run: RunRow,
  attempt: AttemptRow,
  { environment, together, next }: Pick<SummaryData, "environment" | "together" | "next">,
): Fact[] {
  const git = environment?.git_commit
    ? `${environment.git_commit.slice(0, 10)}${environment.git_dirty ? " with local changes" : ""}`
    : null;
  return [
    ["attempt", `${attempt.number} of ${run.attempts}`],
    ["started", attempt.started_at],
    ["ended", attempt.ended_at],
    ["took", attempt.total_seconds === null ? null : took(attempt)],
    ["tokens/s", attempt.tokens_per_second === null ? null : formatCount(attempt.tokens_per_second)],
    ...usageFacts(attempt, together),
    ["stopped", attempt.stopped_at_step === null ? null : `after step ${formatCount(attempt.stopped_at_step)}`],
    ["next", next && `\`run\` ${nextStartText(next)}`],
    ["error", attempt.error_type],
    ["message", attempt.message],
    ["device", environment && `${environment.device} (${environment.device_description})`],
    ["python", environment && `${environment.python}, worker ${environment.worker_version}`],
    ["variables", environment && variablesText(environment.variables), "whole"],
    ["git", git],
    ["folder", attempt.folder, "whole"],
  ];
}

/** One per line, as a shell takes them. */
const variablesText = (variables: Record<string, string>): string =>
  Object.entries(variables)
    .map(([name, value]) => `${name}=${/\s/.test(value) ? JSON.stringify(value) : value}`)
    .join("\n");

function took(attempt: AttemptRow): string {
  return `${formatSeconds(attempt.total_seconds)}, ${formatSeconds(attempt.train_seconds)} of it training steps`;
}

function artifactFact({ kind, path, bytes, deleted_at, deleted_because }: ArtifactRow): Fact {
  if (deleted_at !== null) return [kind, `not kept (${deleted_because})`];
  return [kind, `${path} (${formatBytes(bytes)})`, "whole"];
}
