/** Numbers by epoch: ranks of modules of methods that move ranks, and scores of a run that has several forms. */
import { distinct } from "../../../views/parts/distinct.js";
import { type EpochValue, epochTexts } from "../../../views/parts/epoch-grid.js";
import { extent } from "../../../views/parts/extent.js";
import type { TimelineData } from "../../../views/timeline/data.js";
import { formTitle, formValues, placeOf, rankValues } from "../../../views/timeline/ranks.js";
import { type Line, plain } from "../../line.js";
import type { Picture } from "./picture.js";

export const ranksPicture = ({ ranks }: TimelineData): Picture | null => pictureOf(rankValues(ranks), "rank", placeOf);

export function formsPicture({ forms, score_name }: TimelineData): Picture | null {
  const name = score_name ?? "";
  return pictureOf(formValues(forms, name), formTitle(name), (key) => key);
}

function pictureOf(values: readonly EpochValue[], rowTitle: string, nameOf: (key: string) => string): Picture | null {
  if (values.length === 0) return null;
  const names = distinct(
    values.map(({ key }) => key),
    nameOf,
    (key) => key,
  );
  const epochs = [...new Set(values.map(({ epoch }) => epoch))].sort((a, b) => a - b);
  const heads = epochTexts(epochs);
  const [low, high] = extent(values.map(({ text }) => Number(text)).filter(Number.isFinite));
  const rows = new Map<string, Map<number, string>>();
  for (const { key, epoch, text } of values) rows.set(key, (rows.get(key) ?? new Map()).set(epoch, text));
  return {
    rowTitle,
    columns: epochs.map((epoch) => ({ head: heads.get(epoch) ?? "", changed: false })),
    endTitle: null,
    rows: [...rows].map(([key, at]) => ({
      name: names.get(key) ?? key,
      cells: epochs.map((epoch) => {
        const text = at.get(epoch) ?? "-";
        const value = Number(text);
        return { text, scale: Number.isFinite(value) && high > low ? (value - low) / (high - low) : undefined };
      }),
      end: "",
    })),
    legend: legendOf(low, high),
  };
}

const legendOf = (low: number, high: number): Line[] =>
  low < high ? [plain(`from ${low} to ${high}`, { role: "dim" })] : [];
