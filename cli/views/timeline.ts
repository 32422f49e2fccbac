import type { EventOf } from "../protocol/messages.js";
import {
  type ChangeRow,
  getChanges,
  getMetrics,
  getModuleScores,
  getRanks,
  type MetricRow,
  type ModuleScoreRow,
  type RankRow,
} from "../store/read.js";
import { formatCount, formatValue } from "./format.js";
import { thin } from "./parts/epoch-grid.js";
import { clip } from "./parts/fit.js";
import { shade } from "./parts/shade.js";
import { formLines, rankLines } from "./ranks.js";
import { view } from "./view.js";

type Kind = EventOf<"module_scores">["modules"][number]["kind"];

interface Data {
  scores: ModuleScoreRow[];
  changes: ChangeRow[];
  ranks: RankRow[];
  score_name: string | null;
  /** Scores of each form of a run that has several, as `<score>@<form>`. */
  forms: MetricRow[];
}

/** A module that gave way: it has no score. */
const INJECTED: Kind = "lora";
/** Columns of the layer numbers, and of one epoch. */
const MARGIN = 7;
const COLUMN = 3;

export const timeline = view<Data>({
  name: "timeline",
  describe: "The structure by epoch: modules with their scores, merges, injections; ranks, and scores at each rank",
  load(store, run) {
    const { attempt_id: id, score_name } = run;
    if (id === null) return { scores: [], changes: [], ranks: [], score_name, forms: [] };
    return {
      scores: getModuleScores(store, id),
      changes: getChanges(store, id),
      ranks: getRanks(store, id),
      score_name,
      forms: getMetrics(store, id, { split: "eval" }).filter((row) => row.name.startsWith(`${score_name}@`)),
    };
  },
  render({ scores, changes, ranks, score_name, forms }, width) {
    const blocks = [
      scores.length > 0 ? grid(scores, width) : [],
      changes.map(changeLine),
      rankLines(ranks, width),
      formLines(forms, score_name ?? "", width),
    ].filter((lines) => lines.length > 0);
    if (blocks.length === 0) return "this run has no modules that change, are scored or have ranks";
    return blocks.map((lines) => lines.join("\n")).join("\n\n");
  },
});

function grid(scores: ModuleScoreRow[], width: number): string[] {
  const steps = [...new Set(scores.map((row) => row.step))];
  const shown = thin(steps, Math.max(1, Math.floor((width - MARGIN) / COLUMN)));
  const layers = Math.max(...scores.map((row) => row.span_end)) + 1;
  const finite = scores.flatMap((row) => row.score ?? []);
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const at = new Map(shown.map((step) => [step, scores.filter((row) => row.step === step)]));
  const epochs = shown.map((step) => formatValue(Math.round(at.get(step)?.[0]?.epoch ?? 0)));
  const rows = Array.from({ length: layers }, (_, layer) => {
    const cells = shown.map((step) => symbol(layer, at.get(step) ?? [], low, high).padStart(COLUMN));
    return `${String(layer).padStart(MARGIN - 2)}  ${cells.join("")}`;
  });
  const range = finite.length > 0 ? ` (${scores[0]?.score_name} ${formatValue(low)} to ${formatValue(high)})` : "";
  const left = steps.length > shown.length ? `; ${shown.length} of ${steps.length} epochs shown` : "";
  return [
    clip(`${" ".repeat(MARGIN)}  epoch`, width),
    clip(`layer  ${epochs.map((epoch) => epoch.padStart(COLUMN)).join("")}`, width),
    ...rows,
    "",
    ...[`░▒▓█ low to high score${range}`, `│ merged with the one above  + injected  × not finite  · none${left}`].map(
      (line) => clip(line, width),
    ),
  ];
}

function symbol(layer: number, modules: ModuleScoreRow[], low: number, high: number): string {
  const module = modules.find((row) => row.span_start <= layer && layer <= row.span_end);
  if (!module) return "·";
  if (module.kind === INJECTED) return "+";
  if (layer > module.span_start) return "│";
  return module.score === null ? "×" : shade(module.score, low, high);
}

function changeLine(change: ChangeRow): string {
  const where =
    change.span_start === change.span_end
      ? `layer ${change.span_start}`
      : `layers ${change.span_start} to ${change.span_end}`;
  const parts = [
    `epoch ${formatValue(change.epoch)}: ${change.kind} ${where}`,
    change.score === null ? null : `score ${formatValue(change.score)}`,
    change.margin === null ? null : `margin ${formatValue(change.margin)}`,
    `${formatCount(change.trainable_parameters)} trainable`,
    change.detail === "" ? null : change.detail,
  ];
  return parts.filter((part) => part !== null).join(", ");
}
