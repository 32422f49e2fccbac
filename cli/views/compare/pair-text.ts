import { prose } from "../parts/prose.js";
import { tableLines } from "../parts/table.js";
import { measureText, setTitle, soFarLegend, stateText } from "./cell-texts.js";
import type { CompareCell, CompareColumn, CompareData, CompareSet } from "./data.js";
import { itemLines } from "./item-text.js";
import { leafText, NOT_KNOWN, numberFormat, signed } from "./values.js";

const HEADS = [
  { key: "value", title: "value", least: 20 },
  { key: "a", title: "A", align: "right" as const, least: 16 },
  { key: "b", title: "B", align: "right" as const, least: 16 },
  { key: "change", title: "B - A", align: "right" as const },
];

/** The values of two runs, one below the other, and by how much B's are larger. */
export function pairLines({ columns: all, sets, changed }: CompareData, width: number | null): string[] {
  const rows = sets.flatMap(({ rows: own }) => own);
  const [a, b] = [changed?.from.run, changed?.to.run].map((id) => rows.find(({ runs }) => runs[0]?.run === id));
  const title = (column: CompareColumn) => (column.key === "score" ? scoreTitle(sets) : column.heading);
  const isKnown = (at: number) => [a, b].some((row) => row?.cells[at]?.values.some((value) => value !== null));
  const lines = all.flatMap((column, at) =>
    isKnown(at) ? [[title(column), ...sideTexts(column, a?.cells[at], b?.cells[at])]] : [],
  );
  const unknown = all.filter((_, at) => !isKnown(at)).map(title);
  const soFar = soFarLegend(rows);
  const states = ["state", ...[a, b].map((row) => (row ? stateText(row) : "")), ""];
  return [
    ...prose(sets.map(setTitle).join("; "), width),
    "",
    ...tableLines(HEADS, [states, ...lines], width),
    ...(soFar === null ? [] : prose(soFar, width)),
    ...(unknown.length === 0 ? [] : prose(`not known of either: ${unknown.join(", ")}`, width)),
    ...sets.flatMap((set) => rowLines(all, set, width)),
  ];
}

/** One seed each has no test over seeds; the evaluation rows have. */
function rowLines(all: readonly CompareColumn[], { tests, rows }: CompareSet, width: number | null): string[] {
  const column = tests === null ? undefined : all[tests.column];
  if (tests === null || column === undefined) return [];
  const means = rows.flatMap(({ cells }) => cells[tests.column]?.over?.mean ?? []);
  const lines = itemLines(tests, numberFormat(column, means), width);
  return lines.length === 0 ? [] : ["", ...lines];
}

const scoreTitle = (sets: CompareData["sets"]): string =>
  [...new Set(sets.map(({ score_name }) => score_name ?? "score"))].join(" / ");

function sideTexts(column: CompareColumn, a: CompareCell | undefined, b: CompareCell | undefined): string[] {
  if (column.kind === "setting") return [leafText(a?.values[0]), leafText(b?.values[0]), ""];
  const numbers = [a, b].flatMap((cell) => cell?.over?.mean ?? []);
  const format = numberFormat(column, numbers);
  const [from, to] = numbers;
  // Runs with scores of other things have no common baseline, and no difference.
  const apart = a?.delta == null || b?.delta == null;
  const change = from === undefined || to === undefined ? "" : apart ? NOT_KNOWN : signed(to - from, format);
  return [measureText(a, column, format), measureText(b, column, format), change];
}
