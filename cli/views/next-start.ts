import type { JobSummary } from "../job/reporter.js";
import type { NextStart } from "../store/read.js";
import { formatCount, plural } from "./format.js";
import { oneLine } from "./parts/visible.js";

const WHY = {
  never_began: null,
  failed: "it failed, and from a checkpoint it would fail again",
  trains_nothing: "its method trains nothing, so there are no checkpoints",
  keeps_none: "keep.checkpoints is none",
  no_checkpoint: "no checkpoint was written",
} as const;

/** What a run does when it is trained again: `goes on from the checkpoint of step 107 of 128`. */
export const nextStartText = (next: NextStart): string => `${verb(next, true)}${why(next)}`;

function verb(next: NextStart, one: boolean): string {
  if (next.from === "zero") {
    const again = next.why === "never_began" ? "" : " again";
    return `${one ? "begins" : "begin"}${again}`;
  }
  const of = next.total_steps === null ? "" : ` of ${formatCount(next.total_steps)}`;
  return `${one ? "goes on" : "go on"} from the checkpoint of step ${formatCount(next.step)}${of}`;
}

function why(next: NextStart): string {
  const reason = next.from === "zero" ? WHY[next.why] : null;
  return reason === null ? "" : `: ${reason}`;
}

/** How many runs of a group are named. */
const MOST_NAMED = 3;

/** Lines that say what the same command does with the unfinished runs of a job; runs that do the same share one. */
export function continuationLines({ cells, again }: Pick<JobSummary, "cells" | "again">): string[] {
  const groups = new Map<string, { next: NextStart; labels: string[] }>();
  for (const { next, label } of cells) {
    if (next === null) continue;
    const key = nextStartText(next);
    const known = groups.get(key);
    if (known) known.labels.push(label);
    else groups.set(key, { next, labels: [label] });
  }
  if (groups.size === 0) return [];
  const anew = `the same command begins every run again (${again}); without that option:`;
  return [again === null ? "the same command trains the rest:" : anew, ...[...groups.values()].map(groupLine)];
}

function groupLine({ next, labels }: { next: NextStart; labels: readonly string[] }): string {
  const named = labels.slice(0, MOST_NAMED).map(oneLine).join(", ");
  const more = labels.length > MOST_NAMED ? `, and ${formatCount(labels.length - MOST_NAMED)} more` : "";
  return `  ${plural(labels.length, "run")} ${verb(next, labels.length === 1)} (${named}${more})${why(next)}`;
}
