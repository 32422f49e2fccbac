import stringWidth from "string-width";
import { mixedNumerics } from "../plan/numerics.js";
import { divergence } from "../protocol/divergence.js";
import type { RunRow, WhichEpoch } from "../store/read.js";
import { type Column, columns } from "./columns.js";
import { formatCount, formatScore, formatSeconds, shortId } from "./format.js";
import { clip } from "./parts/fit.js";

const SCORES: Record<Exclude<WhichEpoch, number>, (run: RunRow) => number | null> = {
  best: (run) => run.best_score,
  last: (run) => run.last_score,
  fixed: (run) => run.fixed_score,
};

const scoreColumn = (choice: WhichEpoch): TextColumn => ({
  title: `score (${typeof choice === "number" ? `epoch ${choice}` : choice})`,
  align: "right",
  text: (run) => formatScore(typeof choice === "number" ? (run.epoch_score ?? null) : SCORES[choice](run)),
});

type TextColumn = Column & { text: (run: RunRow) => string };

const NUMERICS: TextColumn = { title: "numerics", align: "right", text: (run) => String(run.numerics) };

/** Columns of `lor2c ls`, most important first: a narrow terminal drops the last ones. */
const columnsWith = (choice: WhichEpoch, mixed: boolean): TextColumn[] => [
  { title: "run", text: (run) => shortId(run.id) },
  { title: "state", text: stateText },
  scoreColumn(choice),
  ...(mixed ? [NUMERICS] : []),
  { title: "method", text: (run) => run.method },
  { title: "task", text: (run) => run.task },
  { title: "seed", align: "right", text: (run) => String(run.seed) },
  { title: "trainable", align: "right", text: (run) => formatCount(run.trainable_parameters) },
  { title: "took", align: "right", text: (run) => formatSeconds(run.total_seconds) },
  { title: "when (UTC)", text: (run) => (run.started_at ?? run.created_at).slice(0, 16).replace("T", " ") },
  { title: "label", text: (run) => run.label },
];

function stateText(run: RunRow): string {
  if (run.running_attempt !== null) return "running";
  const more = run.collapsed ? "collapsed" : divergence(run.error_type, run.message);
  return run.state.replaceAll("_", " ") + (more ? `, ${more}` : "");
}

/** Runs as a table no wider than `width`; null is as wide as needed, for a file or a pipe. */
export function runsTable(runs: RunRow[], width: number | null, choice: WhichEpoch = "best"): string {
  const all = columnsWith(choice, mixedNumerics(runs) !== null);
  for (let count = all.length; ; count--) {
    const shown = all.slice(0, count);
    const lines = columns(
      shown,
      runs.map((run) => shown.map((column) => column.text(run))),
    );
    // The label is the last column and may be cut; all others are whole or absent.
    const fits = width === null || count === 1 || lines.every((line) => stringWidth(line) <= width);
    if (fits) return lines.join("\n");
    if (count === all.length && roomForLabel(lines, width)) {
      return lines.map((line) => clip(line, width)).join("\n");
    }
  }
}

function roomForLabel([head = ""]: string[], width: number): boolean {
  return head.indexOf("label") + 12 <= width;
}
