import type { PlannedCell } from "./cell.js";

/** The most runs that are named after a text. */
const MOST_LABELS = 4;

export interface TextOfRun {
  text: string;
  label: string;
}

/** The warnings of the worker. */
export const warningTexts = (cells: readonly PlannedCell[]): string[] =>
  eachKindOnce(
    cells.flatMap(({ inspected, label }) => inspected.warnings.map((text) => ({ text, label }))),
    cells.length,
  );

/** What the worker says of the rows: how they are split, and which are drawn. */
export const noteTexts = (cells: readonly PlannedCell[]): string[] =>
  eachKindOnce(
    cells.flatMap(({ inspected, label }) => inspected.notes.map((text) => ({ text, label }))),
    cells.length,
  );

/**
 * Texts about `runs` runs, each kind once, with the labels of its runs if it does not hold for all of them. A kind is
 * a text up to its colon, whatever its numbers: on a grid nearly every run's own numbers differ, and each run's texts
 * are in `lor2c plan --json` and `lor2c show`.
 */
export function eachKindOnce(texts: readonly TextOfRun[], runs: number): string[] {
  const kinds = new Map<string, TextOfRun[]>();
  for (const one of texts) {
    const kind = withoutNumbers(one.text.replace(/: .*/s, ""));
    kinds.set(kind, [...(kinds.get(kind) ?? []), one]);
  }
  return [...kinds.values()].flatMap((kind) => onLines(kind, runs));
}

/** Texts that differ in their numbers, or in ids, are one kind. */
export const withoutNumbers = (text: string): string =>
  text.replace(/\b[0-9a-f]{8,}\b/g, "#").replace(/\d+([.,]\d+)*/g, "#");

function onLines(kind: readonly TextOfRun[], runs: number): string[] {
  const labels = [...new Set(kind.map(({ label }) => label))];
  const texts = [...new Set(kind.map(({ text }) => text))];
  const [text, label] = [texts[0], labels[0]];
  if (texts.length > 1 && labels.length > 1) return [`${text} (${label}, and the like in ${labels.length - 1} more)`];
  if (labels.length >= runs) return texts;
  const where = labels.length > MOST_LABELS ? `${labels.length} of ${runs} runs` : labels.join(", ");
  return texts.map((one) => `${one} (${where})`);
}
