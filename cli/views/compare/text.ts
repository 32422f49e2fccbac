/** A comparison as text. Pure, no ANSI. */
import { shortId } from "../format.js";
import { prose } from "../parts/prose.js";
import { type TableColumn, tableLines } from "../parts/table.js";
import { oneLine } from "../parts/visible.js";
import { distinctTexts, marksLegend, measureText, rowNames, setTitle, soFarLegend, stateText } from "./cell-texts.js";
import { changedLines } from "./changed-text.js";
import { chosenLines } from "./chosen-text.js";
import type { CompareCell, CompareColumn, CompareData, CompareRow, CompareSet } from "./data.js";
import { itemLines } from "./item-text.js";
import { pairLines } from "./pair-text.js";
import { testLines } from "./tests-text.js";
import { leafText, NOT_KNOWN, numberFormat, signed } from "./values.js";

/**
 * `width` is that of the terminal, null for a file or a pipe. Columns that were `asked` for are never left out: what does
 * not fit becomes a block for each row.
 */
export function compareText(data: CompareData, width: number | null, { asked = false } = {}): string {
  const blocks =
    data.changed === null
      ? data.sets.map((set) => setLines(data, set, { width, asked }))
      : [changedLines(data.changed, width), pairLines(data, width)];
  const apart = data.sets.flatMap(({ apart, rows }) =>
    apart === null ? [] : [`${rowNames(rows)}: ${oneLine(apart)}`],
  );
  const note = [
    ...prose("not compared with the others, because their scores are of something else:", width),
    ...apart.flatMap((line) => prose(`  ${line}`, width)),
  ];
  return [...blocks, ...(apart.length > 0 ? [note] : [])].map((lines) => lines.join("\n")).join("\n\n");
}

interface TextColumn extends TableColumn {
  text(row: CompareRow): string;
}

/** Names may be cut to so many columns, and texts of settings. */
const LEAST_NAME = 16;
const LEAST_TEXT = 10;
/** What is left out first where the terminal is narrow: settings, from the last one; then all but the first measure. */
const KEEP = { setting: 100, measure: 200, run: 250, state: 300, seeds: 400 } as const;

interface Shown {
  width: number | null;
  asked: boolean;
}

function setLines({ columns }: CompareData, set: CompareSet, { width, asked }: Shown): string[] {
  const { rows, baseline } = set;
  const folded = rows.some(({ runs }) => runs.length > 1);
  const unfinished = rows.some(({ runs }) => runs.some(({ state, collapsed }) => state !== "finished" || collapsed));
  const seeds: TextColumn = { key: "seeds", title: "seeds", align: "right", keep: KEEP.seeds, text: seedsText };
  const state: TextColumn = { key: "state", title: "state", keep: KEEP.state, text: stateText };
  const run: TextColumn = { key: "run", title: "run", keep: KEEP.run, text: ({ runs }) => shortId(runs[0]?.run ?? "") };
  const shown: TextColumn[] = [
    { key: "name", title: "name", least: LEAST_NAME, long: "apart", text: (row) => markedName(row, rows) },
    ...columns.flatMap((_, at) => columnTexts(columns, at, set)).map(asked ? always : (column) => column),
    ...(folded ? [seeds] : []),
    ...(unfinished ? [state] : []),
    ...(folded ? [] : [run]),
  ];
  const marks = marksLegend(set);
  const soFar = soFarLegend(rows);
  const how = [
    ...(folded ? ["± is half of the 95 % interval of the mean over seeds"] : []),
    ...(marks === null ? [] : [marks]),
    ...(soFar === null ? [] : [soFar]),
    ...(baseline === null ? [] : [`changes are to ${oneLine(baseline)}`]),
  ];
  const cells = rows.map((row) => shown.map((column) => column.text(row)));
  const table = tableLines(shown, cells, width, { more: "--columns chooses, --json has all" });
  return [
    ...prose(setTitle(set), width),
    "",
    ...table,
    ...(how.length > 0 ? ["", ...prose(how.join("; "), width)] : []),
    ...testBlocks(columns, set, width),
  ];
}

const MARKS = { best: "* ", open: "~ " } as const;

/** The corrected best, tests over seeds, and over rows, each after an empty line. */
function testBlocks(columns: readonly CompareColumn[], set: CompareSet, width: number | null): string[] {
  const { tests } = set;
  if (tests === null) return [];
  const format = formatOf(columns, tests.column, set);
  const blocks = [
    chosenLines(set, format).flatMap((line) => prose(line, width)),
    testLines(tests, format, width),
    itemLines(tests, format, width),
  ];
  return blocks.flatMap((lines) => (lines.length === 0 ? [] : ["", ...lines]));
}

/** Marks stand before names, where no width cuts them. The best need not be first: rows with fewer seeds can be above it. */
function markedName({ name, mark }: CompareRow, rows: readonly CompareRow[]): string {
  if (rows.every((row) => row.mark === null)) return name;
  return `${mark === null ? "  " : MARKS[mark]}${name}`;
}

function formatOf(columns: readonly CompareColumn[], at: number, { rows }: CompareSet): (value: number) => string {
  return numberFormat(
    columns[at] ?? { unit: null },
    rows.flatMap(({ cells }) => cells[at]?.over?.mean ?? []),
  );
}

function columnTexts(columns: readonly CompareColumn[], at: number, set: CompareSet): TextColumn[] {
  const column = columns[at];
  if (column === undefined) return [];
  const { key, kind, heading } = column;
  const cellOf = (row: CompareRow) => row.cells[at];
  const title = key === "score" && heading === key ? (set.score_name ?? "score") : heading;
  if (kind === "setting") {
    return [{ key, title, keep: KEEP.setting - at, least: LEAST_TEXT, text: (row) => settingText(cellOf(row)) }];
  }
  const format = formatOf(columns, at, set);
  const keep = at === 0 ? {} : { keep: KEEP.measure - at };
  const align = set.rows.some((row) => cellOf(row)?.over) ? "right" : "left";
  const own: TextColumn = { key, title, align, ...keep, text: (row) => measureText(cellOf(row), column, format) };
  if (set.baseline === null || set.rows.every((row) => cellOf(row)?.delta == null)) return [own];
  const text = (row: CompareRow) => deltaText(row, cellOf(row), set, format);
  return [own, { key: `${key} change`, title: at === 0 ? "change" : `${title} change`, align: "right", ...keep, text }];
}

const always = ({ keep: _, ...column }: TextColumn): TextColumn => column;

const settingText = (cell: CompareCell | undefined): string =>
  distinctTexts(cell?.values.map((value) => (value === undefined ? NOT_KNOWN : leafText(value))) ?? []);

function deltaText(
  row: CompareRow,
  cell: CompareCell | undefined,
  set: CompareSet,
  format: (value: number) => string,
): string {
  if (row.name === set.baseline) return "baseline";
  return cell?.delta == null ? NOT_KNOWN : signed(cell.delta, format);
}

/** `5`, or `3 of 5` while some are not finished. */
function seedsText({ runs }: CompareRow): string {
  const finished = runs.filter(({ state }) => state === "finished").length;
  return finished === runs.length ? String(runs.length) : `${finished} of ${runs.length}`;
}
