import type { EventOf } from "../protocol/messages.js";
import { type ChangeRow, getChanges, getModuleScores, type ModuleScoreRow } from "../store/read.js";
import { formatCount, formatValue } from "./format.js";
import { clip } from "./parts/fit.js";
import { shade } from "./parts/shade.js";
import { view } from "./view.js";

type Kind = EventOf<"module_scores">["modules"][number]["kind"];

interface Data {
  scores: ModuleScoreRow[];
  changes: ChangeRow[];
}

/** A module that gave way: it has no score. */
const INJECTED: Kind = "lora";
/** Columns of the layer numbers, and of one epoch. */
const MARGIN = 7;
const COLUMN = 3;

export const timeline = view<Data>({
  name: "timeline",
  describe: "The structure, layer by epoch: live modules with their scores, merged spans, injections",
  load(store, run) {
    if (run.attempt_id === null) return { scores: [], changes: [] };
    return { scores: getModuleScores(store, run.attempt_id), changes: getChanges(store, run.attempt_id) };
  },
  render({ scores, changes }, width) {
    if (scores.length === 0 && changes.length === 0) return "this run has no modules that change or are scored";
    const lines = scores.length > 0 ? [...grid(scores, width), ""] : [];
    return [...lines, ...changes.map(changeLine)].join("\n").trimEnd();
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
    clip(`layer  ${epochs.map((epoch) => epoch.padStart(COLUMN)).join("")}  epoch`, width),
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

/** At most `count` of them, evenly, the first and the last among them. */
function thin(steps: number[], count: number): number[] {
  if (steps.length <= count) return steps;
  if (count === 1) return steps.slice(-1);
  return Array.from({ length: count }, (_, i) => steps[Math.round((i * (steps.length - 1)) / (count - 1))] ?? 0);
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
