import { UsageError } from "../errors.js";
import type { TableFormat } from "../export/table-file.js";
import { mixedNumerics } from "../plan/numerics.js";
import { findRun, type RunRow } from "../store/read.js";
import { openReader } from "../store/reader.js";
import { resolveDbPath } from "../store/store.js";
import { writeNote } from "../views/output.js";
import { jsonText, visible } from "../views/parts/visible.js";
import { outputWidth } from "../views/terminal.js";
import type { OfRun, View, ViewEntry, ViewFilter } from "../views/view.js";
import { refuseBytes, writeOutput, writePicture, writeTable } from "./write-output.js";

export interface ShowRequest {
  views: readonly ViewEntry[];
  /** Runs, and optionally the name of a view at the end. */
  words: readonly string[];
  db: string | undefined;
  format: "text" | TableFormat | "svg" | "png" | "vega-lite";
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
  const width = output === undefined ? outputWidth() : null;
  switch (format) {
    case "text":
      return writeOutput(`${visible(view.text(shown, width))}\n`, output);
    case "json":
      return writeOutput(`${json(shown)}\n`, output);
    case "svg":
    case "png":
      if (!view.svg) throw await without(entry, views, "picture", ({ svg }) => svg);
      return writePicture(await view.svg(shown), format, output);
    case "vega-lite":
      if (!view.vega) throw await without(entry, views, "picture", ({ vega }) => vega);
      return writeOutput(`${jsonText(await view.vega(shown), 2)}\n`, output);
    default:
      if (!view.table) throw await without(entry, views, "table", ({ table }) => table);
      return writeTable(view.table(shown), format, output);
  }
}

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

async function without(
  entry: ViewEntry,
  views: readonly ViewEntry[],
  what: "picture" | "table",
  has: (view: View) => unknown,
): Promise<UsageError> {
  const opened = await Promise.all(views.map(async (one): Promise<[string, View]> => [one.name, await one.open()]));
  const able = opened.filter(([, view]) => has(view)).map(([name]) => name);
  return new UsageError(
    what === "picture" ? "NO_PICTURE" : "NO_TABLE",
    `the view ${entry.name} has no ${what}`,
    `these have one: ${able.join(", ")}; --json has all of any view`,
  );
}
