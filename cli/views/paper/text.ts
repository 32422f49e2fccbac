/** The table for a terminal: three lines for each method, and as many columns side by side as fit. */
import stringWidth from "string-width";
import type { AverageCell, MeasuredRow, MeasuredTable } from "../../paper/measured-table.js";
import { prose } from "../parts/prose.js";
import { type TableColumn, tableLines } from "../parts/table.js";
import { AVERAGE, countsText, legend, measuredText, NOT_RUN, title } from "./words.js";

/** `width`: null is as wide as needed, for a file or a pipe. */
export function paperText(table: MeasuredTable, width: number | null): string {
  const names = [...table.columns.map(({ name }) => name), AVERAGE];
  const blocks = blocksOf(table, names, width);
  const notes = [
    ...table.notes.map((note) => `note: ${note}`),
    ...table.published_notes.map((note) => `paper: ${note}`),
  ];
  const say = (text: string) => prose(text, width);
  return [
    ...[title(table), ...legend(table)].flatMap(say),
    "",
    ...blocks.flatMap((lines) => [...lines, ""]),
    ...notes.flatMap(say),
  ].join("\n");
}

/** Splits the columns into as few tables as fit into `width`, each with the names of the methods. */
function blocksOf(table: MeasuredTable, names: readonly string[], width: number | null): string[][] {
  const blocks: string[][] = [];
  for (let from = 0; from < names.length; ) {
    let to = names.length;
    let lines = block(table, names, from, to);
    while (width !== null && to > from + 1 && lines.some((line) => stringWidth(line) > width)) {
      lines = block(table, names, from, --to);
    }
    blocks.push(lines);
    from = to;
  }
  return blocks;
}

function block(table: MeasuredTable, names: readonly string[], from: number, to: number): string[] {
  const heads: TableColumn[] = [
    { key: "method", title: "Method" },
    { key: "params", title: "#Params", align: "right" },
    ...names.slice(from, to).map((name): TableColumn => ({ key: name, title: name, align: "right" })),
  ];
  const rows = table.rows.flatMap((row) => rowLines(row, table.decimals, from, to));
  return tableLines(heads, rows, null);
}

function rowLines(row: MeasuredRow, decimals: number, from: number, to: number): string[][] {
  const cells: AverageCell[] = [...row.cells, row.average].slice(from, to);
  const verdicts = cells.map(({ verdict }) => (verdict === NOT_RUN ? "" : verdict));
  return [
    [row.label, countsText(row), ...cells.map((cell) => measuredText(cell, decimals))],
    ["  published", row.params.published ?? "-", ...cells.map((cell) => cell.published.toFixed(decimals))],
    ...(verdicts.some((verdict) => verdict !== "") ? [["  verdict", "", ...verdicts]] : []),
  ];
}
