import type { ExaminedReport } from "../../protocol/messages.js";
import { formatCount } from "../format.js";
import { clip } from "../parts/fit.js";
import { oneLine } from "../parts/visible.js";
import { NAMES } from "./splits-table.js";

/** Rows of training, and of each other split. */
const FIRST = 3;
const OTHERS = 1;

/**
 * The first rows with their tokens: what a text becomes. Each line is cut to `width`: prompts at their beginning, where a
 * template says the same in every row.
 */
export function firstRowLines({ kind, splits }: ExaminedReport, width: number): string[] {
  const texts = kind === "language_model";
  return splits.flatMap(({ split, first }) =>
    first.slice(0, split === "train" ? FIRST : OTHERS).flatMap(({ row, text, text_pair, labels, tokens }) => {
      const label = labels.length === 0 ? "no label" : labels.join(" + ");
      const title = `${NAMES[split]} ${formatCount(row)}`;
      const lines = texts
        ? [title, `  prompt  ${clip(oneLine(text), Math.max(1, width - 10), "start")}`]
        : [`${title}: ${oneLine(label)}`, `  text    ${oneLine(text)}`];
      if (text_pair !== null) lines.push(`  ${texts ? "reply" : "pair "}   ${oneLine(text_pair)}`);
      if (tokens.length > 0) lines.push(`  tokens  ${tokens.map(oneLine).join(" ")}`);
      return lines.map((line) => clip(line, width));
    }),
  );
}
