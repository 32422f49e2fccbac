import stringWidth from "string-width";
import type { RunRow } from "../store/read.js";
import { type Column, columns } from "./columns.js";
import { formatCount, formatScore, formatSeconds, shortId } from "./format.js";
import { clip } from "./parts/fit.js";

/** Columns of `lor2c ls`, most important first: on a narrow terminal the last ones go. */
const COLUMNS: (Column & { text: (run: RunRow) => string })[] = [
  { title: "run", text: (run) => shortId(run.id) },
  { title: "state", text: (run) => (run.running_attempt === null ? run.state.replaceAll("_", " ") : "running") },
  { title: "score", align: "right", text: (run) => formatScore(run.best_score) },
  { title: "method", text: (run) => run.method },
  { title: "task", text: (run) => run.task },
  { title: "seed", align: "right", text: (run) => String(run.seed) },
  { title: "trainable", align: "right", text: (run) => formatCount(run.trainable_parameters) },
  { title: "took", align: "right", text: (run) => formatSeconds(run.total_seconds) },
  { title: "when (UTC)", text: (run) => (run.started_at ?? run.created_at).slice(0, 16).replace("T", " ") },
  { title: "label", text: (run) => run.label },
];

/** Runs as a table no wider than `width`; null: as wide as it needs, for a file or a pipe. */
export function runsTable(runs: RunRow[], width: number | null): string {
  for (let count = COLUMNS.length; ; count--) {
    const shown = COLUMNS.slice(0, count);
    const lines = columns(
      shown,
      runs.map((run) => shown.map((column) => column.text(run))),
    );
    // The label is the last column and may be cut; all others are whole or absent.
    const fits = width === null || count === 1 || lines.every((line) => stringWidth(line) <= width);
    if (fits) return lines.join("\n");
    if (count === COLUMNS.length && roomForLabel(lines, width)) {
      return lines.map((line) => clip(line, width)).join("\n");
    }
  }
}

function roomForLabel([head = ""]: string[], width: number): boolean {
  return head.indexOf("label") + 12 <= width;
}
