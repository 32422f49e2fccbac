import stringWidth from "string-width";
import { distinct } from "./distinct.js";
import { clip, fitTo } from "./fit.js";

/** A value of a row after an epoch; `text` is what is drawn. */
export interface EpochValue {
  /** Rows of different keys are different ones, whatever their names. */
  key: string;
  epoch: number;
  text: string;
}

/**
 * Rows by epochs, no wider than `width`: with more epochs than columns the first, the last and evenly between. `nameOf`
 * is a short name for a key; keys whose names coincide are shown themselves.
 */
export function epochGrid(
  cells: readonly EpochValue[],
  title: string,
  width: number,
  nameOf: (key: string) => string = (key) => key,
): string[] {
  const names = distinct(
    cells.map((cell) => cell.key),
    nameOf,
    (key) => key,
  );
  const epochs = [...new Set(cells.map((cell) => cell.epoch))].sort((a, b) => a - b);
  const heads = epochTexts(epochs);
  const left = Math.max(stringWidth(title), ...[...names.values()].map((name) => stringWidth(name)));
  const column =
    2 + Math.max(...[...heads.values(), ...cells.map((cell) => cell.text)].map((text) => stringWidth(text)));
  const shown = thin(epochs, Math.max(1, Math.floor((width - left) / column)));
  const rows = new Map<string, Map<number, string>>();
  for (const { key, epoch, text } of cells) rows.set(key, (rows.get(key) ?? new Map()).set(epoch, text));
  const line = (name: string, text: (epoch: number) => string) =>
    `${fitTo(name, left)}${shown.map((epoch) => text(epoch).padStart(column)).join("")}`;
  const head = line(title, (epoch) => heads.get(epoch) ?? "");
  const body = [...rows].map(([key, values]) => line(names.get(key) ?? key, (epoch) => values.get(epoch) ?? "-"));
  const hidden = epochs.length > shown.length ? [`${shown.length} of ${epochs.length} epochs shown`] : [];
  return [`${" ".repeat(left)}  epoch`, head, ...body, ...hidden].map((text) => clip(text, width));
}

/** Two decimals at most, where that tells them apart. */
export function epochTexts(epochs: readonly number[]): Map<number, string> {
  return distinct(epochs, (epoch) => String(Math.round(epoch * 100) / 100), String);
}

/** At most `count` of them, evenly, the first and the last among them. */
export function thin(values: readonly number[], count: number): number[] {
  if (values.length <= count) return [...values];
  if (count === 1) return values.slice(-1);
  return Array.from({ length: count }, (_, i) => values[Math.round((i * (values.length - 1)) / (count - 1))] ?? 0);
}
