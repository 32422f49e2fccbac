import type { ExaminedReport } from "../../protocol/messages.js";
import { formatCount, plural } from "../format.js";
import { clip } from "../parts/fit.js";
import { oneLine } from "../parts/visible.js";
import { wrap } from "../parts/wrap.js";
import { NAMES } from "./splits-table.js";

type SameText = ExaminedReport["shared"][number]["same_label"]["first"][number];

/** Examples under each kind of trouble. */
const EXAMPLES = 3;
/** The most columns for the labels of a row. */
const LABELS = 16;

const nameOf = (split: string) => NAMES[split as keyof typeof NAMES] ?? split;

const labelOf = (kind: ExaminedReport["kind"]) => (kind === "regress" ? "value" : "label");

/** Texts that are in two splits, texts that contradict each other, and blank texts, with the first rows of each. */
export function sharedLines(report: ExaminedReport, width: number): string[] {
  const blocks = [...report.shared.flatMap((one) => leak(one, report, width)), ...within(report, width)];
  return blocks.flatMap((block) => ["", ...block]);
}

function leak(
  { known_from, found_in, same_label, other_label }: ExaminedReport["shared"][number],
  { splits, kind }: ExaminedReport,
  width: number,
): string[][] {
  const rows = same_label.rows + other_label.rows;
  if (rows === 0) return [];
  const total = splits.find(({ split }) => split === found_in)?.rows ?? rows;
  const [here, there] = [nameOf(found_in), nameOf(known_from)];
  const share = ((100 * rows) / total).toFixed(1);
  const what = `leakage: ${plural(rows, "row")} of ${here} (${share} %) ${rows === 1 ? "has a text that is" : "have texts that are"} in ${there} too`;
  const other =
    other_label.rows === 0 ? "" : `, ${formatCount(other_label.rows)} of them with another ${labelOf(kind)}`;
  // Those with another label first: they are wrong in one of the two places.
  const examples = [...other_label.first, ...same_label.first].slice(0, EXAMPLES);
  return [[...wrap(`${what}${other}`.split(" "), " ", width), ...examples.map((text) => exampleLine(text, width))]];
}

function within({ splits, kind }: ExaminedReport, width: number): string[][] {
  return splits.flatMap(({ split, blank, contradicting }) => {
    const blocks: string[][] = [];
    if (blank.rows > 0) {
      const more = blank.rows > blank.first.length ? ", ..." : "";
      const rows = `row${blank.rows === 1 ? "" : "s"} ${blank.first.map(formatCount).join(", ")}${more}`;
      blocks.push([clip(`blank: ${rows} of ${nameOf(split)}`, width)]);
    }
    if (contradicting.rows > 0) {
      const what = `same text, several ${labelOf(kind)}s: ${plural(contradicting.rows, "row")} of ${nameOf(split)}`;
      blocks.push([what, ...contradicting.first.slice(0, EXAMPLES).map((text) => exampleLine(text, width))]);
    }
    return blocks;
  });
}

/** `  train 17 (negative), eval 3 (positive)  the text` */
function exampleLine({ text, text_pair, occurrences }: SameText, width: number): string {
  const places = occurrences.map(
    ({ split, row, labels }) => `${nameOf(split)} ${formatCount(row)} (${clip(oneLine(labels.join(" + ")), LABELS)})`,
  );
  const shown = [text, ...(text_pair === null ? [] : [text_pair])].map(oneLine).join(" | ");
  return clip(`  ${places.join(", ")}  ${shown}`, width);
}
