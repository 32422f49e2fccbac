/** Which of the shown runs a text means that a user types to filter them. */
import { Lor2cError } from "../../errors.js";
import { parseFilter } from "../../store/filter/parse.js";
import { matchingRuns } from "../../store/read.js";
import type { Store } from "../../store/store.js";
import type { ScreenRun } from "../data.js";

export type Matching = { runs: ReadonlySet<string> } | { problem: string };

/**
 * A text with one of these is meant as the language of `--where`, and its mistakes are told, unless it is a word of labels:
 * `merges=3`.
 */
const COMPARISON = /[=<>]|\s(like|in|is)\s/i;

/** Whether it is for `byFilter`; else `byWords`. */
export const isFilter = (text: string): boolean => COMPARISON.test(text);

export const UNREADABLE: { problem: string } = { problem: "the database cannot be read now" };

export function byFilter(store: Store, text: string, shown: readonly ScreenRun[]): Matching {
  const runs = shown.map(({ id }) => id);
  try {
    return { runs: matchingRuns(store, parseFilter(text, "filter"), runs) };
  } catch (error) {
    if (!(error instanceof Lor2cError)) throw error;
    const { runs: found } = byWords(shown, text);
    if (found.size > 0) return { runs: found };
    return { problem: problemOf(error) };
  }
}

/** Runs that have every word in their label, id, state or tags, in any case. */
export function byWords(runs: readonly ScreenRun[], text: string): { runs: ReadonlySet<string> } {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = runs.filter((run) => {
    const own = [run.label, run.id, run.state.replaceAll("_", " "), ...run.tags].join("\n").toLowerCase();
    return words.every((word) => own.includes(word));
  });
  return { runs: new Set(found.map(({ id }) => id)) };
}

/** An error shows the text with a `^` below the mistake; here the text stands in the line above already. */
function problemOf({ message, hint }: Lor2cError): string {
  const [first = ""] = message.split("\n");
  const advice = hint?.replaceAll("\n", " ");
  return [first.replace(/^filter: /, ""), advice].filter(Boolean).join("; ");
}
