import { mixedNumerics } from "../plan/numerics.js";
import { divergence } from "../protocol/divergence.js";
import { type LiveAttempt, liveAttempts, newestScores, type RunRow, type WhichEpoch } from "../store/read.js";
import { readColumns } from "../store/read-values.js";
import type { Store } from "../store/store.js";
import { parseColumn } from "../store/value-column.js";
import { formatCount, formatScore, formatSeconds, formatSoFar, shortId, soFarNote } from "./format.js";
import { prose } from "./parts/prose.js";
import { LABEL, type TableColumn, tableLines } from "./parts/table.js";

/** A run of `lor2c ls`, and the score that its line shows. */
export interface ListedRun extends RunRow {
  /** The score that was asked for; of a run that is not finished, its best or its newest one until now. */
  score: number | null;
  /** False: the run is not finished, and its score can still change. */
  final: boolean;
  /** How far it is, if it is in training and its job has told. */
  live: LiveAttempt | null;
}

export function loadListed(store: Store, runs: readonly RunRow[], choice: WhichEpoch): ListedRun[] {
  const of = scoresOf(store, runs, choice);
  // A fixed epoch that was reached keeps its score.
  const settled = choice !== "best" && choice !== "last";
  const running = runs.filter((run) => run.running_attempt !== null).map(({ id }) => id);
  const live = new Map(running.length > 0 ? liveAttempts(store, running).map((row) => [row.run, row]) : []);
  return runs.map((run, at) => ({
    ...run,
    ...{ score: of(run, at), final: settled || run.state === "finished", live: live.get(run.id) ?? null },
  }));
}

function scoresOf(
  store: Store,
  runs: readonly RunRow[],
  choice: WhichEpoch,
): (run: RunRow, at: number) => number | null {
  if (choice === "fixed") return (run) => run.fixed_score;
  if (choice === "best") {
    const best = readColumns(store, runs, [parseColumn("score")]);
    return (_, at) => best[at]?.[0] as number | null;
  }
  if (choice !== "last") return (run) => run.epoch_score ?? null;
  const newest = newestScores(store, runs);
  return (run) => run.last_score ?? newest.get(run.attempt_id ?? -1) ?? null;
}

type TextColumn = TableColumn & { text: (run: ListedRun) => string };

/** Columns of `lor2c ls`. A narrow terminal leaves out those with the lowest `keep`. */
function columnsOf(runs: readonly ListedRun[], choice: WhichEpoch): TextColumn[] {
  const names = new Set(runs.flatMap(({ score_name }) => score_name ?? []));
  const only = names.size === 1 ? [...names][0] : undefined;
  const which = typeof choice === "number" ? `epoch ${choice}` : choice;
  const numerics: TextColumn = {
    key: "numerics",
    title: "numerics",
    align: "right",
    text: (run) => String(run.numerics),
  };
  const tags: TextColumn = { key: "tags", title: "tags", keep: 4, least: 10, text: (run) => run.tags.join(" ") };
  return [
    { key: "run", title: "run", text: (run) => shortId(run.id) },
    { key: "label", title: "label", ...LABEL, text: (run) => run.label },
    { key: "state", title: "state", text: stateText },
    {
      key: "score",
      title: `${only ?? "score"} (${which})`,
      align: "right",
      text: (run) => scoreText(run, only === undefined),
    },
    ...(mixedNumerics(runs) === null ? [] : [numerics]),
    { key: "method", title: "method", keep: 7, least: 10, text: (run) => run.method },
    { key: "task", title: "task", keep: 8, least: 10, text: (run) => run.task },
    { key: "seed", title: "seed", keep: 1, align: "right", text: (run) => String(run.seed) },
    {
      key: "trainable",
      title: "trainable",
      keep: 2,
      align: "right",
      text: (run) => formatCount(run.trainable_parameters),
    },
    { key: "took", title: "took", keep: 6, align: "right", text: (run) => formatSeconds(run.total_seconds) },
    { key: "when", title: "when (UTC)", keep: 3, text: whenText },
    ...(runs.some((run) => run.tags.length > 0) ? [tags] : []),
  ];
}

const whenText = (run: RunRow): string => (run.started_at ?? run.created_at).slice(0, 16).replace("T", " ");

/** With its name where the runs of a list have different ones. */
function scoreText({ score, score_name, final }: ListedRun, named: boolean): string {
  const value = final || score === null ? formatScore(score) : formatSoFar(score);
  return named && score_name !== null && score !== null ? `${score_name} ${value}` : value;
}

function stateText(run: ListedRun): string {
  if (run.running_attempt !== null) return (run.state === "running" ? "running" : "running again") + doneText(run);
  const more = run.collapsed ? "collapsed" : divergence(run.error_type, run.message);
  return run.state.replaceAll("_", " ") + (more ? `, ${more}` : "");
}

function doneText({ live }: ListedRun): string {
  return live === null || live.total_steps === 0 ? "" : ` ${Math.floor((100 * live.step) / live.total_steps)}%`;
}

/** Runs as a table no wider than `width`; null is as wide as needed, for a file or a pipe. */
export function runsTable(runs: readonly ListedRun[], width: number | null, choice: WhichEpoch = "best"): string {
  const columns = columnsOf(runs, choice);
  const cells = runs.map((run) => columns.map((column) => column.text(run)));
  const open = runs.some(({ score, final }) => score !== null && !final);
  return [
    ...tableLines(columns, cells, width, { more: "a wider terminal or --json shows them" }),
    ...(open ? prose(soFarNote(choice === "last" ? "newest" : "best"), width) : []),
  ].join("\n");
}
