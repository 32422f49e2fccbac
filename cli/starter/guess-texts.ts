import { quoted } from "./guess-label.js";
import { type Column, namedId, namedPair, namedText } from "./names.js";

export interface TextsGuess {
  text: [Column, ...Column[]];
  pair: Column | null;
  unsure: string[];
}

/** The columns of the texts among those that are not the label, or undefined if none looks like one. */
export function guessTexts(
  columns: readonly Column[],
  rows: number,
  named: { text: readonly Column[]; pair: Column | undefined },
): TextsGuess | undefined {
  const candidates = columns.filter((column) => column !== named.pair && isText(column, rows));
  const [first, ...more] = named.text;
  if (first) return { text: [first, ...more], pair: named.pair ?? null, unsure: [] };
  const pair = named.pair ? undefined : namedPair(candidates);
  if (pair) return { text: [pair[0]], pair: pair[1], unsure: [] };
  const ranked = [...candidates].sort((a, b) => points(b) - points(a));
  const [best, ...others] = ranked;
  if (!best) return undefined;
  const unsure = others.map(
    (other) =>
      `${quoted(other)} is text too and not used. To read both, --text ${best.column} --text ${other.column}; ` +
      `as a pair, --text ${best.column} --text-pair ${other.column}`,
  );
  return { text: [best], pair: named.pair ?? null, unsure };
}

/** Sentences, or shorter texts that mostly differ. */
function isText(column: Column, rows: number): boolean {
  const { kind, words, distinct } = column;
  if (kind !== "text" || (namedId(column) && !namedText(column))) return false;
  return words >= 3 || distinct > Math.max(20, rows * 0.3) || (namedText(column) && words >= 2);
}

const points = (column: Column) => (namedText(column) ? 1000 : 0) + Math.min(999, column.words);
