import type { EventOf } from "../protocol/messages.js";
import { formatCount, formatScore, plural } from "./format.js";
import { oneLine } from "./parts/visible.js";

/** One line while the rows of a file are labelled. */
export function progressLine({ rows, total }: EventOf<"predicting">, seconds: number): string {
  const of = total === null ? plural(rows, "row") : `${formatCount(rows)} of ${plural(total, "row")}`;
  return `${of} labelled, ${formatCount(rows / Math.max(seconds, 1e-3))} a second`;
}

/** What is said when all rows of a file are labelled. */
export function labelledNotes(done: EventOf<"predicted"> & { path: string | null }): string[] {
  const { rows, empty, scores, unscored, path } = done;
  const values = Object.entries(scores ?? {}).map(([name, value]) => `${name} ${formatScore(value)}`);
  return [
    ...(path === null ? [] : [`wrote ${plural(rows, "row")} to ${path}`]),
    ...(empty === 0 ? [] : [`note: ${plural(empty, "row")} with an empty text, labelled like any other`]),
    ...(values.length === 0 ? [] : [`scores by the labels in the file: ${values.join(", ")}`]),
    ...(unscored === null ? [] : [`no scores: ${oneLine(unscored)}`]),
  ];
}
