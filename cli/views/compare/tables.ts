/** A comparison and the table of a paper as data, for programs and for documents. */
import type { ColumnType, DataColumn, DataTable, Value } from "../../export/data-table.js";
import { dataColumn, distinctKeys } from "../parts/data-column.js";
import { distinctTexts, measureText, setTitle, soFarLegend, stateText } from "./cell-texts.js";
import type { CompareCell, CompareColumn, CompareData, CompareRow, CompareSet } from "./data.js";
import { cellOf, type PivotData } from "./pivot.js";
import { pivotCell } from "./pivot-text.js";
import type { RowTest } from "./tests.js";
import { leafText, numberFormat } from "./values.js";

const TEST_COLUMNS: readonly DataColumn[] = [
  ...[dataColumn("mark", "text"), dataColumn("against", "text"), dataColumn("difference", "real")],
  ...[dataColumn("difference_low", "real"), dataColumn("difference_high", "real"), dataColumn("p", "real")],
  ...[dataColumn("holm_p", "real"), dataColumn("same_p", "real"), dataColumn("verdict", "text")],
];

const testValues = (set: CompareSet, mark: string | null, test: RowTest | undefined): Value[] => [
  ...[mark, test ? (set.tests?.against ?? null) : null],
  ...[test?.difference?.mean ?? null, test?.difference?.low ?? null, test?.difference?.high ?? null],
  ...[test?.p ?? null, test?.corrected ?? null, test?.equivalence ?? null, test?.verdict ?? null],
];

const finishedOf = ({ runs }: CompareRow): number => runs.filter(({ state }) => state === "finished").length;

/** For programs: a row for each row of each set, every number with its interval. */
export function compareTable({ columns, sets }: CompareData): DataTable {
  return {
    columns: distinctKeys([
      ...[dataColumn("task", "text"), dataColumn("score_name", "text"), dataColumn("eval_rows", "integer")],
      ...[dataColumn("numerics", "integer"), dataColumn("apart", "text"), dataColumn("name", "text")],
      ...[dataColumn("seeds", "integer"), dataColumn("finished", "integer")],
      ...columns.flatMap((column, at) => valueColumns(column, sets, at)),
      ...TEST_COLUMNS,
      dataColumn("runs", "text"),
    ]),
    rows: sets.flatMap((set) =>
      set.rows.map((row) => [
        ...[set.task, set.score_name, set.eval_rows, set.numerics, set.apart, row.name, row.runs.length],
        finishedOf(row),
        ...columns.flatMap((column, at) => cellValues(isNumeric(column, sets, at), row.cells[at])),
        ...testValues(
          set,
          row.mark,
          set.tests?.rows.find(({ name }) => name === row.name),
        ),
        row.runs.map(({ run }) => run).join(" "),
      ]),
    ),
  };
}

const isNumeric = ({ kind }: CompareColumn, sets: readonly CompareSet[], at: number): boolean =>
  kind === "measure" &&
  sets.every(({ rows }) =>
    rows.every(({ cells }) => cells[at]?.values.every((value) => typeof value !== "string") ?? true),
  );

/** Measures that are text in some run, such as a state, are text. */
function valueColumns(column: CompareColumn, sets: readonly CompareSet[], at: number): DataColumn[] {
  const of = (suffix: string, type: ColumnType): DataColumn => ({
    key: `${column.key}${suffix}`,
    title: `${column.heading}${suffix.replaceAll("_", " ")}`,
    type,
  });
  if (!isNumeric(column, sets, at)) return [of("", "text")];
  return [
    of("", "real"),
    of("_low", "real"),
    of("_high", "real"),
    of("_sd", "real"),
    of("_n", "integer"),
    of("_change", "real"),
  ];
}

function cellValues(numeric: boolean, cell: CompareCell | undefined): Value[] {
  if (!numeric) return [cell ? distinctTexts(cell.values.map(leafText)) : null];
  const over = cell?.over;
  return [
    over?.mean ?? null,
    over?.low ?? null,
    over?.high ?? null,
    over?.sd ?? null,
    over?.n ?? 0,
    cell?.delta ?? null,
  ];
}

/** For programs: a row for each cell of the table of a paper. */
export function pivotTable({ rows_key, cols_key, measure, rows, cols }: PivotData): DataTable {
  return {
    columns: distinctKeys([
      ...[dataColumn(rows_key, "text"), dataColumn(cols_key, "text")],
      ...[dataColumn("score_name", "text"), dataColumn("measure", "text"), dataColumn("mean", "real")],
      ...[dataColumn("low", "real"), dataColumn("high", "real"), dataColumn("sd", "real"), dataColumn("n", "integer")],
      dataColumn("finished", "integer"),
      ...TEST_COLUMNS,
      dataColumn("runs", "text"),
    ]),
    rows: rows.flatMap((name) =>
      cols.map((column) => {
        const row = cellOf(column, name);
        const over = row?.cells[0]?.over;
        return [
          ...[name, column.title, column.score_name, measure.key, over?.mean ?? null],
          ...[over?.low ?? null, over?.high ?? null, over?.sd ?? null, over?.n ?? 0],
          row === undefined ? 0 : finishedOf(row),
          ...testValues(
            column,
            row?.mark ?? null,
            column.tests?.rows.find((test) => test.name === name),
          ),
          row?.runs.map(({ run }) => run).join(" ") ?? null,
        ];
      }),
    ),
  };
}

/** What the signs of these rows mean. */
function notesOf(sets: readonly CompareSet[]): string[] {
  const marks = new Set(sets.flatMap(({ rows }) => rows.map(({ mark }) => mark)));
  return [
    ...(marks.has("best") ? ["bold: the best"] : []),
    ...(marks.has("open") ? ["~: no test over seeds tells it from the best"] : []),
    ...(sets.some(({ rows }) => rows.some(({ runs }) => runs.length > 1))
      ? ["±: half of the 95 % interval of the mean over seeds"]
      : []),
  ];
}

function noted(parts: readonly (string | null)[]): { note?: string } {
  const known = parts.filter((part) => part !== null);
  return known.length === 0 ? {} : { note: known.join("; ") };
}

/** For documents: the table of a paper as people read it, with the best of each column in bold. */
export function pivotForPeople(data: PivotData): DataTable {
  const found = data.rows.map((name) => data.cols.map((column) => ({ column, row: cellOf(column, name) })));
  const unmarked = (row: CompareRow) => ({ ...row, mark: row.mark === "best" ? null : row.mark });
  return {
    columns: [
      dataColumn(data.rows_key, "text"),
      ...data.cols.map(({ title }, at) => ({ ...dataColumn(`col_${at}`, "text"), title })),
    ],
    rows: data.rows.map((name, y) => [
      name,
      ...(found[y] ?? []).map(({ column, row }) =>
        row === undefined ? null : pivotCell(data, column, unmarked(row)).trim(),
      ),
    ]),
    strong: found.flatMap((cells, y) =>
      cells.flatMap(({ row }, x): [number, number][] => (row?.mark === "best" ? [[y, x + 1]] : [])),
    ),
    ...noted(notesOf(data.cols)),
  };
}

/** For documents: the rows of all sets, each with what its set is where there are several; the best of a set is bold. */
export function compareForPeople({ columns, sets }: CompareData): DataTable {
  const several = sets.length > 1;
  const first = several ? 2 : 1;
  const all = sets.flatMap((set) => {
    const formats = columns.map((column, at) =>
      numberFormat(
        column,
        set.rows.flatMap(({ cells }) => cells[at]?.over?.mean ?? []),
      ),
    );
    return set.rows.map((row) => ({ set, row, formats }));
  });
  const last = lastColumn(all.map(({ row }) => row));
  return {
    columns: [
      ...(several ? [dataColumn("score of", "text")] : []),
      dataColumn("name", "text"),
      ...columns.map(({ key, heading, kind }, at) => ({
        ...dataColumn(`col_${at}`, "text"),
        ...(kind === "measure" && { right: true as const }),
        title: key === "score" && heading === key && !several ? (sets[0]?.score_name ?? heading) : heading,
      })),
      ...(last === null ? [] : [last.column]),
    ],
    rows: all.map(({ set, row, formats }) => [
      ...(several ? [setName(set, sets)] : []),
      row.mark === "open" ? `${row.name} ~` : row.name,
      ...columns.map((column, at) => cellText(column, row.cells[at], formats[at] ?? String)),
      ...(last === null ? [] : [last.value(row)]),
    ]),
    strong: all.flatMap(({ set, row }, at): [number, number][] =>
      row.mark === "best" ? [[at, first + (set.tests?.column ?? 0)]] : [],
    ),
    ...noted([...notesOf(sets), soFarLegend(all.map(({ row }) => row))]),
  };
}

/** How many runs a row has; of single runs their states, unless all are finished. */
function lastColumn(rows: readonly CompareRow[]): { column: DataColumn; value(row: CompareRow): Value } | null {
  const whole = rows.every((row) => finishedOf(row) === row.runs.length);
  if (rows.every(({ runs }) => runs.length === 1)) {
    return whole ? null : { column: dataColumn("state", "text"), value: stateText };
  }
  const column = dataColumn("seeds", whole ? "integer" : "text");
  const value = (row: CompareRow) =>
    finishedOf(row) === row.runs.length ? row.runs.length : `${finishedOf(row)} of ${row.runs.length}`;
  return { column, value };
}

/** Sets whose titles are equal differ in something else. */
function setName(set: CompareSet, all: readonly CompareSet[]): string {
  const title = setTitle(set);
  const alone = all.every((other) => other === set || setTitle(other) !== title);
  return alone || set.apart === null ? title : `${title} (${set.apart})`;
}

function cellText(column: CompareColumn, cell: CompareCell | undefined, format: (value: number) => string): string {
  if (column.kind === "setting") return distinctTexts(cell?.values.map(leafText) ?? []);
  return measureText(cell, column, format);
}
