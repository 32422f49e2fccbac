/** Texts for p values and levels. */
import { NOT_KNOWN } from "./values.js";

/** Three significant digits; below 0.001 only that. */
export const pText = (p: number | null): string =>
  p === null ? NOT_KNOWN : p > 0 && p < 0.001 ? "< 0.001" : String(Number(p.toPrecision(3)));

export const percent = (level: number): string => `${Math.round(level * 100)} %`;
