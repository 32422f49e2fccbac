import { errorText } from "../protocol/divergence.js";
import { type AttemptRow, describeOwner, getAttempts } from "../store/read.js";
import { type Column, columns } from "./columns.js";
import { formatScore, formatSeconds } from "./format.js";
import { clip } from "./parts/fit.js";
import { oneLine } from "./parts/visible.js";
import { loadEach, textOfEach, type View } from "./view.js";

export const attempts: View<AttemptRow[]> = {
  load: loadEach((store, run) => getAttempts(store, run.id)),
  text: textOfEach(attemptsText),
};

const HEADS: Column[] = [
  { title: "attempt", align: "right" },
  { title: "state" },
  { title: "started" },
  { title: "took", align: "right" },
  { title: "score", align: "right" },
  { title: "runner" },
  { title: "message" },
];

function attemptsText(rows: readonly AttemptRow[], width: number): string {
  if (rows.length === 0) return "not tried yet";
  const lines = rows.map((row) => [
    String(row.number),
    row.state.replaceAll("_", " "),
    row.started_at.slice(0, 19).replace("T", " "),
    formatSeconds(took(row)),
    formatScore(row.best_score),
    describeOwner({ kind: row.owner_kind, id: row.owner }),
    oneLine(row.error_type === null ? (row.message ?? "") : errorText(row.error_type, row.message ?? "")),
  ]);
  return columns(HEADS, lines)
    .map((line) => clip(line, width))
    .join("\n");
}

/** Seconds from the claim to the end; null while the attempt runs. */
function took(row: AttemptRow): number | null {
  return row.ended_at === null ? null : (Date.parse(row.ended_at) - Date.parse(row.started_at)) / 1000;
}
