import type { ModuleScoreRow } from "../../store/read.js";
import { formatValue } from "../format.js";
import { epochTexts, thin } from "../parts/epoch-grid.js";
import { extent } from "../parts/extent.js";
import { clip } from "../parts/fit.js";
import { prose } from "../parts/prose.js";
import { shade } from "../parts/shade.js";
import { UNBOUNDED } from "../view.js";
import { changeLine, emptyText, INJECTED, type TimelineData } from "./data.js";
import { formLines, rankLines } from "./ranks.js";

/** Columns of the layer numbers. */
const MARGIN = 7;
/** The least columns of an epoch. */
const COLUMN = 3;

/** Modules by epoch, then changes, ranks, and scores at each rank. */
export function timelineText(data: TimelineData, limit: number | null): string {
  const { scores, changes, ranks, score_name, forms } = data;
  const width = limit ?? UNBOUNDED;
  const blocks = [
    scores.length > 0 ? grid(scores, width) : [],
    changes.flatMap((change) => prose(changeLine(change), width)),
    rankLines(ranks, width),
    formLines(forms, score_name ?? "", width),
  ].filter((lines) => lines.length > 0);
  const shown = blocks.length > 0 ? blocks : [prose(emptyText(data), width)];
  return shown.map((lines) => lines.join("\n")).join("\n\n");
}

function grid(scores: ModuleScoreRow[], width: number): string[] {
  const steps = [...new Set(scores.map((row) => row.step))];
  const layers = extent(scores.map((row) => row.span_end))[1] + 1;
  const [low, high] = extent(scores.flatMap((row) => row.score ?? []));
  const epochOf = new Map(scores.map((row) => [row.step, row.epoch]));
  const heads = epochTexts([...epochOf.values()]);
  const column = Math.max(COLUMN, 1 + extent([...heads.values()].map((head) => head.length))[1]);
  const shown = thin(steps, Math.max(1, Math.floor((width - MARGIN) / column)));
  const at = new Map(shown.map((step) => [step, scores.filter((row) => row.step === step)]));
  const epochs = shown.map((step) => heads.get(epochOf.get(step) ?? 0) ?? "");
  const rows = Array.from({ length: layers }, (_, layer) => {
    const cells = shown.map((step) => symbol(layer, at.get(step) ?? [], low, high).padStart(column));
    return `${String(layer).padStart(MARGIN - 2)}  ${cells.join("")}`;
  });
  const range = low <= high ? ` (${scores[0]?.score_name} ${formatValue(low)} to ${formatValue(high)})` : "";
  const left = steps.length > shown.length ? `; ${shown.length} of ${steps.length} epochs shown` : "";
  return [
    clip(`${" ".repeat(MARGIN)}  epoch`, width),
    clip(`layer  ${epochs.map((epoch) => epoch.padStart(column)).join("")}`, width),
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
