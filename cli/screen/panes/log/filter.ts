import { oneLine } from "../../../views/parts/visible.js";
import type { LogLine } from "../../data.js";
import type { PaneContext } from "../../pane.js";
import { shownRun } from "../shown-run.js";
import type { LogState } from "./state.js";

const known = new WeakMap<readonly LogLine[], Map<string, readonly LogLine[]>>();

/** The lines that the user wants to see, oldest first. */
export function linesOf({ data, shared, state }: PaneContext<LogState>): readonly LogLine[] {
  const run = state.selected ? (shownRun(data, shared)?.id ?? null) : null;
  if (!state.problems && run === null) return data.log;
  const made = known.get(data.log) ?? new Map<string, readonly LogLine[]>();
  known.set(data.log, made);
  const key = `${state.problems} ${run}`;
  const lines =
    made.get(key) ??
    data.log.filter((line) => (!state.problems || line.level !== "info") && (run === null || line.runs.includes(run)));
  made.set(key, lines);
  return lines;
}

/**
 * Place of a line: the same object, else one that says the same, since a reader may have made the lines anew. -1 if the log
 * no longer has it.
 */
export function indexOf(lines: readonly LogLine[], line: LogLine): number {
  const same = lines.lastIndexOf(line);
  if (same >= 0) return same;
  return lines.findLastIndex(({ at, label, text }) => at === line.at && label === line.label && text === line.text);
}

/** The last line that is not newer, for a line that a filter hides; 0 if there is none. */
export function indexAt(lines: readonly LogLine[], line: LogLine): number {
  const index = indexOf(lines, line);
  return index >= 0
    ? index
    : Math.max(
        0,
        lines.findLastIndex(({ at }) => at <= line.at),
      );
}

/** Label of the run whose lines alone are shown; null: all lines are. */
export function onlyOf({ data, shared, state }: PaneContext<LogState>): string | null {
  const run = state.selected ? shownRun(data, shared) : null;
  return run && oneLine(run.label);
}
