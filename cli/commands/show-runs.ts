import { UsageError } from "../errors.js";
import { mixedNumerics } from "../plan/numerics.js";
import { findRun, type RunRow } from "../store/read.js";
import { openReader } from "../store/reader.js";
import { resolveDbPath } from "../store/store.js";
import { writeNote } from "../views/output.js";
import { csvText } from "../views/parts/csv.js";
import { jsonText, visible } from "../views/parts/visible.js";
import { outputWidth } from "../views/terminal.js";
import type { OfRun, View, ViewEntry, ViewFilter } from "../views/view.js";
import { refuseBytes, writeOutput, writePicture } from "./write-output.js";

export interface ShowRequest {
  views: readonly ViewEntry[];
  /** Runs, and optionally the name of a view at the end. */
  words: readonly string[];
  db: string | undefined;
  format: "text" | "json" | "csv" | "svg" | "png";
  output: string | undefined;
  filter: ViewFilter;
}

export async function showRuns({ views, words, db, format, output, filter }: ShowRequest): Promise<void> {
  const { selectors, entry } = partOf(words, views);
  refuseFilter(filter, entry, views);
  refuseBytes(format, output);
  const view = await entry.open();
  const store = openReader(resolveDbPath(db));
  let shown: OfRun<unknown>[];
  try {
    const found = selectors.map((selector) => findRun(store, selector));
    const mixed = mixedNumerics(found.filter((run) => run.state === "finished"));
    if (mixed) writeNote(`note: ${mixed}`);
    shown = view.load(store, [...new Map(found.map((run): [string, RunRow] => [run.id, run])).values()], filter);
  } finally {
    store.close();
  }
  if (format === "svg" || format === "png") {
    if (!view.svg) throw await noPicture(entry, views);
    return writePicture(await view.svg(shown), format, output);
  }
  if (format === "csv") {
    if (!view.csv) throw new UsageError("NO_TABLE", `the view ${entry.name} is no table`, "--json has all of it");
    const text = csvText(view.csv(shown));
    return writeOutput(output === undefined && process.stdout.isTTY ? visibleLines(text) : text, output);
  }
  const width = output === undefined ? outputWidth() : null;
  writeOutput(`${format === "json" ? json(shown) : visible(view.text(shown, width))}\n`, output);
}

/** CSV for a terminal: characters that would move its cursor are escaped, and its lines stay lines. */
const visibleLines = (csv: string): string => csv.split("\r\n").map(visible).join("\r\n");

/** Throws UsageError for a filter that the view would ignore. */
function refuseFilter(filter: ViewFilter, entry: ViewEntry, views: readonly ViewEntry[]): void {
  const given = Object.entries(filter).find(([, value]) => value !== undefined)?.[0];
  if (given === undefined || entry.filtered) return;
  const names = views.flatMap(({ name, filtered }) => (filtered ? name : [])).join(", ");
  throw new UsageError("USAGE", `--${given} does not go with the view ${entry.name}`, `it goes with ${names}`);
}

/** The data of one run as it is; for several, a list with the run of each. */
const json = (shown: OfRun<unknown>[]): string => jsonText(shown.length === 1 ? shown[0]?.data : shown, 2);

/** Runs are hexadecimal or begin with `@`; any other word at the end is a view. */
function partOf(words: readonly string[], views: readonly ViewEntry[]): { selectors: string[]; entry: ViewEntry } {
  const last = words.length > 1 ? (words.at(-1) ?? "") : "";
  const named = views.find(({ name }) => name === last);
  if (named) return { selectors: words.slice(0, -1), entry: named };
  const [first] = views;
  if (first && (last === "" || /^@|^[0-9a-f]+$/i.test(last))) return { selectors: [...words], entry: first };
  const list = views.map(({ name, describe }) => `${name.padEnd(10)}${describe}`).join("\n    ");
  throw new UsageError("VIEW_UNKNOWN", `there is no view ${last}`, `the views are\n    ${list}`);
}

async function noPicture(entry: ViewEntry, views: readonly ViewEntry[]): Promise<UsageError> {
  const opened = await Promise.all(views.map(async (one): Promise<[string, View]> => [one.name, await one.open()]));
  const drawn = opened.filter(([, view]) => view.svg).map(([name]) => name);
  return new UsageError("NO_PICTURE", `the view ${entry.name} has no picture`, `these have one: ${drawn.join(", ")}`);
}
