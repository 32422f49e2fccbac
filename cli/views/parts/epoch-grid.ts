import stringWidth from "string-width";
import { distinct } from "./distinct.js";
import { clip, fitTo } from "./fit.js";

/** A row's value after an epoch; `text` is printed. */
export interface EpochValue {
  /** Each key is a row of its own, even if names are equal. */
  key: string;
  epoch: number;
  text: string;
}

/**
 * Rows by epochs, no wider than `width`. If not all epochs fit, shows the first, the last, and some evenly between.
 * `nameOf` shortens a key; keys with equal short names are shown in full.
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

/** At most two decimals, if the texts then still differ. */
export function epochTexts(epochs: readonly number[]): Map<number, string> {
  return distinct(epochs, (epoch) => String(Math.round(epoch * 100) / 100), String);
}

/** At most `count` values, evenly spaced, with the first and the last. */
export function thin(values: readonly number[], count: number): number[] {
  if (values.length <= count) return [...values];
  if (count === 1) return values.slice(-1);
  return Array.from({ length: count }, (_, i) => values[Math.round((i * (values.length - 1)) / (count - 1))] ?? 0);
}
