import type { PlannedCell } from "./cell.js";

/** The most runs that a note names. */
const MOST_RUNS = 3;
const MOST_PLACES = 3;

/** One note on all combinations that are the same run as another; none if all differ. */
export function sameRunNotes(cells: readonly Pick<PlannedCell, "label" | "also">[]): string[] {
  const shared = cells.filter(({ also }) => also.length > 0);
  if (shared.length === 0) return [];
  const others = shared.reduce((sum, { also }) => sum + also.length, 0);
  const combinations = others + cells.length;
  const what = others === 1 ? "is the same run as another one" : "are the same runs as others";
  const named = shared.slice(0, MOST_RUNS).map(({ label, also }) => listed([label, ...also.map((one) => one.label)]));
  const more = shared.length > MOST_RUNS ? [`and ${count(shared.length - MOST_RUNS)} more runs`] : [];
  const which = [...named, ...more].join("; ");
  return [`${count(others)} of ${count(combinations)} combinations ${what}, by settings and contents: ${which}`];
}

/** `a and b`, or `a, b, c and 5 more`. */
function listed(labels: readonly string[]): string {
  const shown = labels.length > MOST_PLACES + 1 ? labels.slice(0, MOST_PLACES) : labels.slice(0, -1);
  const last = labels.length > MOST_PLACES + 1 ? `${count(labels.length - MOST_PLACES)} more` : labels.at(-1);
  return `${shown.join(", ")} and ${last}`;
}

const count = (n: number) => n.toLocaleString("en-US");
