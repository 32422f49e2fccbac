import { lowerIsBetter } from "../../store/score-direction.js";
import { prose } from "../parts/prose.js";
import { type TableColumn, tableLines } from "../parts/table.js";
import { oneLine } from "../parts/visible.js";
import { setTitle, stateText } from "./cell-texts.js";
import { chosenLines } from "./chosen-text.js";
import type { CompareRow } from "./data.js";
import { cellOf, type PivotColumn, type PivotData } from "./pivot.js";
import { limits, testWords } from "./tests-text.js";
import { numberFormat } from "./values.js";

/** The table, what is compared with what, and the tests of each column in words. */
export function pivotText(data: PivotData, width: number | null): string {
  const { rows_key, rows, cols } = data;
  const columns: TableColumn[] = [
    { key: "row", title: oneLine(rows_key), least: 16, long: "apart" },
    ...cols.map(({ title }): TableColumn => ({ key: title, title: oneLine(title), align: "right" })),
  ];
  const texts = rows.map((name) => [name, ...cols.map((column) => pivotCell(data, column, cellOf(column, name)))]);
  const blocks = [
    prose(measureText(data), width),
    tableLines(columns, texts, width),
    pivotLegend(data).flatMap((line) => prose(line, width)),
    cols.flatMap((column) => columnTests(data, column, width)),
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

/** `accuracy x 100`, with the rows of each column where there are several. */
function measureText({ measure, cols }: PivotData): string {
  const names = [...new Set(cols.map((column) => setTitle(column)))];
  const what = measure.key === "score" ? "" : `${measure.heading}; `;
  return `${what}${names.join("; ")}${cols.some((column) => isFraction(column, measure)) ? "; shares times 100" : ""}`;
}

/** Shares, such as accuracy, are read times 100. Losses, epochs and rates are none, however small. */
function isFraction({ rows, score_name }: PivotColumn, { key, better, unit }: PivotData["measure"]): boolean {
  const means = rows.flatMap(({ cells: [cell] }) => cell?.over?.mean ?? []);
  const isScore = /^(\w+_)?score$/.test(key) ? !lowerIsBetter(score_name ?? "") : better === "higher" && unit === null;
  return isScore && means.length > 0 && means.every((mean) => Math.abs(mean) <= 1);
}

const MARKS = { best: "*", open: "~" } as const;

/** `86.40 ± 1.20 (3) *`; a state where nothing is finished; `no value` of finished runs without it; `-` without a run. */
export function pivotCell({ measure }: PivotData, column: PivotColumn, row: CompareRow | undefined): string {
  if (row === undefined) return "-";
  const over = row.cells[0]?.over;
  // The score until now of a run that trains is no result. Sizes are known before.
  const started = row.runs.every(({ state }) => state !== "finished") && measure.unit !== "count";
  if (!over || started) return row.runs.every(({ state }) => state === "finished") ? "no value" : stateText(row);
  const format = formatOf(column, measure);
  const half = over.low === null || over.high === null ? "" : ` ± ${format((over.high - over.low) / 2)}`;
  const planned = row.runs.length === over.n ? String(over.n) : `${over.n} of ${row.runs.length}`;
  // A blank where others have a mark, so that numbers stand below each other.
  const mark = column.rows.some((one) => one.mark !== null) ? ` ${row.mark === null ? " " : MARKS[row.mark]}` : "";
  return `${format(over.mean)}${half} (${planned})${mark}`;
}

function formatOf(column: PivotColumn, measure: PivotData["measure"]): (value: number) => string {
  if (isFraction(column, measure)) return (value) => (value * 100).toFixed(2);
  return numberFormat(
    measure,
    column.rows.flatMap(({ cells: [cell] }) => cell?.over?.mean ?? []),
  );
}

function pivotLegend({ cols }: PivotData): string[] {
  const rows = cols.flatMap((column) => column.rows);
  const marked = (mark: CompareRow["mark"]) => rows.some((row) => row.mark === mark);
  return [
    "mean over seeds ± half of its 95 % interval (seeds)",
    ...(marked("best")
      ? [`* best of its column${marked("open") ? ", ~ can't be told from it by a test over seeds" : ""}`]
      : []),
  ];
}

/** What each row is against the best of its column, and how good that is without the luck of the choice. */
function columnTests({ measure }: PivotData, column: PivotColumn, width: number | null): string[] {
  const { title, tests } = column;
  if (tests === null) return [];
  const words = tests.rows.map((row) => `${oneLine(row.name)} ${testWords(row, tests)}`);
  return [
    ...prose(`${oneLine(title)}, against ${oneLine(tests.against)}: ${words.join("; ")}`, width),
    ...[...chosenLines(column, formatOf(column, measure)), ...limits(tests)].flatMap((line) =>
      prose(`  ${line}`, width),
    ),
  ];
}
