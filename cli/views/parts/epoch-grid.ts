import stringWidth from "string-width";
import { clip } from "./fit.js";

/** A value of a row after an epoch; `text` is what is drawn. */
export interface EpochValue {
  row: string;
  epoch: number;
  text: string;
}

/** Rows by epochs, no wider than `width`: with more epochs than columns the first, the last and evenly between. */
export function epochGrid(cells: readonly EpochValue[], title: string, width: number): string[] {
  const rows = [...new Set(cells.map((cell) => cell.row))];
  const epochs = [...new Set(cells.map((cell) => cell.epoch))].sort((a, b) => a - b);
  const left = Math.max(stringWidth(title), ...rows.map((row) => stringWidth(row)));
  const heads = epochs.map((epoch) => String(Math.round(epoch * 100) / 100));
  const column = 2 + Math.max(...[...heads, ...cells.map((cell) => cell.text)].map((text) => stringWidth(text)));
  const shown = thin(epochs, Math.max(1, Math.floor((width - left) / column)));
  const at = new Map(cells.map((cell) => [`${cell.epoch} ${cell.row}`, cell.text]));
  const line = (name: string, text: (epoch: number) => string) =>
    `${name.padEnd(left)}${shown.map((epoch) => text(epoch).padStart(column)).join("")}`;
  const head = line(title, (epoch) => heads[epochs.indexOf(epoch)] ?? "");
  const body = rows.map((row) => line(row, (epoch) => at.get(`${epoch} ${row}`) ?? "-"));
  const hidden = epochs.length > shown.length ? [`${shown.length} of ${epochs.length} epochs shown`] : [];
  return [`${" ".repeat(left)}  epoch`, head, ...body, ...hidden].map((text) => clip(text, width));
}

/** At most `count` of them, evenly, the first and the last among them. */
export function thin(values: readonly number[], count: number): number[] {
  if (values.length <= count) return [...values];
  if (count === 1) return values.slice(-1);
  return Array.from({ length: count }, (_, i) => values[Math.round((i * (values.length - 1)) / (count - 1))] ?? 0);
}
