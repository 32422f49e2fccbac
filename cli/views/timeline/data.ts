import type { EventOf } from "../../protocol/messages.js";
import {
  type ChangeRow,
  getChanges,
  getMetrics,
  getModuleScores,
  getRanks,
  type MetricRow,
  type ModuleScoreRow,
  type RankRow,
  type RunRow,
} from "../../store/read.js";
import type { Store } from "../../store/store.js";
import { formatCount, formatValue } from "../format.js";
import { oneLine } from "../parts/visible.js";

export interface TimelineData {
  /** `running` while an attempt runs, also of a run that has finished once. */
  state: string;
  scores: ModuleScoreRow[];
  changes: ChangeRow[];
  ranks: RankRow[];
  score_name: string | null;
  /** Scores of each form of a run that has several forms, named `<score>@<form>`. */
  forms: MetricRow[];
}

/** What stands where there is no timeline: only a run that was trained to its end is known to have none. */
export const emptyText = ({ state }: Pick<TimelineData, "state">): string =>
  state === "finished"
    ? "this run has no modules that change, are scored or have ranks"
    : `nothing yet (${state.replaceAll("_", " ")}): modules, their scores and ranks are stored at the end of each epoch`;

/** The kind of a module that an injection replaced by LoRA; it has no score. */
export const INJECTED: EventOf<"module_scores">["modules"][number]["kind"] = "lora";

export function loadTimeline(store: Store, run: RunRow): TimelineData {
  const { attempt_id: id, score_name } = run;
  const state = run.running_attempt === null ? run.state : "running";
  if (id === null) return { state, scores: [], changes: [], ranks: [], score_name, forms: [] };
  return {
    state,
    scores: getModuleScores(store, id),
    changes: getChanges(store, id),
    ranks: getRanks(store, id),
    score_name,
    forms: getMetrics(store, id, { split: "eval" }).filter((row) => row.name.startsWith(`${score_name}@`)),
  };
}

/** Describes a change, the same in every picture. */
export function changeLine(change: ChangeRow): string {
  const where =
    change.span_start === change.span_end
      ? `layer ${change.span_start}`
      : `layers ${change.span_start} to ${change.span_end}`;
  const parts = [
    `epoch ${formatValue(change.epoch)}: ${change.kind} ${where}`,
    change.score === null ? null : `score ${formatValue(change.score)}`,
    change.margin === null ? null : `margin ${formatValue(change.margin)}`,
    `${formatCount(change.trainable_parameters)} trainable`,
    change.detail || null,
  ];
  return oneLine(parts.filter((part) => part !== null).join(", "));
}
