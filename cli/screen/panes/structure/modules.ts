/** Modules by epoch: the picture of `lor2c show RUN timeline`, and each change at the epoch at which it happened. */
import type { ChangeRow, ModuleScoreRow } from "../../../store/read.js";
import { formatValue } from "../../../views/format.js";
import { epochTexts } from "../../../views/parts/epoch-grid.js";
import { extent } from "../../../views/parts/extent.js";
import { shade } from "../../../views/parts/shade.js";
import { oneLine } from "../../../views/parts/visible.js";
import { INJECTED, type TimelineData } from "../../../views/timeline/data.js";
import { type Line, plain } from "../../line.js";
import { changeSign, covers } from "./changes.js";
import type { Picture } from "./picture.js";
import type { PictureCell } from "./picture-cell.js";

export interface Signs {
  /** Scores as digits rather than as shades. */
  digits: boolean;
  /** After the first, the last, and any other layer of a merge. */
  brackets: readonly [first: string, last: string, other: string];
}

export const BRACKETS: Signs["brackets"] = ["┐", "┘", "┤"];
/** `+` would look like an injection. */
export const ASCII_BRACKETS: Signs["brackets"] = ["\\", "/", "|"];

const LEVELS = 10;
const NONE = "·";
const BROKEN = "×";
const BELOW = "│";
const UNSCORED = "-";

interface Source {
  scores: readonly ModuleScoreRow[];
  changes: readonly ChangeRow[];
  low: number;
  high: number;
  signs: Signs;
}

/** Null for a run without modules that are scored or change. */
export function modulesPicture({ scores, changes }: TimelineData, signs: Signs): Picture | null {
  const rows = [...scores, ...changes];
  if (rows.length === 0) return null;
  const epochs = new Map([...rows].sort((a, b) => a.step - b.step).map(({ step, epoch }) => [step, epoch]));
  const [low, high] = extent(scores.flatMap(({ score }) => score ?? []));
  const layers = extent(rows.map(({ span_end }) => span_end))[1] + 1;
  const source = { scores, changes, low, high, signs };
  const steps = [...epochs.keys()];
  const columns = steps.map((step) => columnOf(step, layers, source));
  const heads = epochTexts([...epochs.values()]);
  const newest = scores.at(-1)?.step;
  const last = scores.filter(({ step }) => step === newest);
  return {
    rowTitle: "layer",
    columns: steps.map((step) => ({
      head: heads.get(epochs.get(step) ?? 0) ?? "",
      changed: changes.some((change) => change.step === step),
    })),
    endTitle: last.length > 0 ? oneLine(scores[0]?.score_name ?? "") : null,
    rows: Array.from({ length: layers }, (_, layer) => ({
      name: String(layer),
      cells: columns.map((cells) => cells[layer] ?? { text: NONE }),
      end: endOf(last.find((module) => module.span_start === layer)),
    })),
    legend: legendOf(columns.flat(), source),
  };
}

const endOf = (module: ModuleScoreRow | undefined): string =>
  module === undefined || module.kind === INJECTED ? "" : module.score === null ? BROKEN : formatValue(module.score);

/** All layers after one epoch. A change may come between two epochs: then nothing is scored at its step. */
function columnOf(step: number, layers: number, source: Source): PictureCell[] {
  const here = source.scores.filter((row) => row.step === step);
  const now = source.changes.filter((change) => change.step === step);
  const before = source.changes.filter((change) => change.step < step);
  return Array.from({ length: layers }, (_, layer) => {
    const module = here.find(({ span_start, span_end }) => span_start <= layer && layer <= span_end);
    const score = module && module.kind !== INJECTED ? module.score : null;
    const scale = score === null ? undefined : partOf(score, source);
    // The last one counts where several change one layer at once; the list has all.
    const change = now.filter((one) => covers(one, layer)).at(-1);
    if (change) return { ...changed(change, layer, source.signs), scale };
    return here.length > 0 ? scoredCell(layer, module, scale, source) : unscoredCell(layer, before);
  });
}

function changed(change: ChangeRow, layer: number, { brackets }: Signs): PictureCell {
  const { span_start: from, span_end: to, kind } = change;
  const bracket = from === to ? "" : brackets[layer === from ? 0 : layer === to ? 1 : 2];
  return { text: changeSign(kind).sign, bracket, role: "accent" };
}

function scoredCell(
  layer: number,
  module: ModuleScoreRow | undefined,
  scale: number | undefined,
  { low, high, signs }: Source,
): PictureCell {
  if (!module) return { text: NONE, role: "dim" };
  if (module.kind === INJECTED) return { text: "+", role: "accent" };
  if (layer > module.span_start) return { text: BELOW, scale };
  if (module.score === null || scale === undefined) return { text: BROKEN, role: "bad" };
  const level = String(Math.min(LEVELS - 1, Math.floor(scale * LEVELS)));
  return { text: signs.digits ? level : shade(module.score, low, high), scale };
}

/** What the changes before say of a layer. */
function unscoredCell(layer: number, before: readonly ChangeRow[]): PictureCell {
  const change = before.filter((one) => covers(one, layer)).at(-1);
  if (change?.kind === "inject") return { text: "+", role: "accent" };
  return { text: change?.kind === "merge" && layer > change.span_start ? BELOW : UNSCORED, role: "dim" };
}

const partOf = (score: number, { low, high }: Source): number => (high > low ? (score - low) / (high - low) : 1);

function legendOf(cells: readonly PictureCell[], { scores, changes, low, high, signs }: Source): Line[] {
  const has = (sign: string) => cells.some(({ text }) => text === sign);
  const kinds = [...new Set(changes.map(({ kind }) => kind))].map(changeSign);
  const range = low <= high ? ` (${scores[0]?.score_name} ${formatValue(low)} to ${formatValue(high)})` : "";
  const words = [
    low <= high ? `${signs.digits ? `0 to ${LEVELS - 1}:` : "░▒▓█"} low to high score${range}` : "",
    ...kinds.map(({ sign, meaning }) => `${sign} ${meaning}`),
    has(BELOW) ? `${BELOW} merged with the one above` : "",
    has("+") ? "+ injected" : "",
    has(BROKEN) ? `${BROKEN} not finite` : "",
    has(UNSCORED) ? `${UNSCORED} not scored at this step` : "",
    has(NONE) ? `${NONE} none` : "",
  ];
  return words.filter((word) => word !== "").map((word) => plain(word, { role: "dim" }));
}
