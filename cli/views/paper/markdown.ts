/** Two rows for each method; the verdict is in the measured cell. */
import type { AverageCell, MeasuredTable } from "../../paper/measured-table.js";
import { markdownText } from "../parts/markdown-text.js";
import { AVERAGE, countsText, legend, measuredText, NOT_RUN, title } from "./words.js";

export function paperMarkdown(table: MeasuredTable): string {
  const { decimals } = table;
  const heads = ["Method", "#Params", ...table.columns.map(({ name }) => name), AVERAGE];
  const rows = table.rows.flatMap((row) => {
    const cells: AverageCell[] = [...row.cells, row.average];
    return [
      [row.label, countsText(row), ...cells.map((cell) => measured(cell, decimals))],
      ["*published*", row.params.published ?? "-", ...cells.map((cell) => cell.published.toFixed(decimals))],
    ];
  });
  return [
    `**${markdownText(title(table))}**`,
    "",
    line(heads),
    line(heads.map((_, at) => (at === 0 ? "---" : "---:"))),
    ...rows.map((row) => line(row.map((cell) => cell.replaceAll("|", "\\|")))),
    "",
    ...legend(table).map((text) => `${markdownText(text)}  `),
    ...(table.notes.length > 0 ? ["", ...table.notes.map((note) => `- ${markdownText(note)}`)] : []),
    ...(table.published_notes.length > 0
      ? ["", "About the published numbers:", "", ...table.published_notes.map((note) => `- ${markdownText(note)}`)]
      : []),
  ].join("\n");
}

const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

function measured(cell: AverageCell, decimals: number): string {
  const text = measuredText(cell, decimals);
  return cell.verdict === NOT_RUN ? text : `${text} **${cell.verdict}**`;
}
