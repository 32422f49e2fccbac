import { latexText } from "../views/parts/latex-text.js";
import { oneLine } from "../views/parts/visible.js";
import type { DataTable } from "./data-table.js";
import { forPeople, shownValue } from "./for-people.js";

/** A tabular environment that needs only the package booktabs. */
export function latexTable(table: DataTable): string {
  const { columns, rows } = forPeople(table);
  const record = (cells: readonly string[]) => `${cells.join(" & ")} \\\\`;
  return [
    "% \\usepackage{booktabs}",
    ...(table.note === undefined ? [] : [`% ${oneLine(table.note)}`]),
    `\\begin{tabular}{${columns.map(({ type, right }) => (type === "text" && !right ? "l" : "r")).join("")}}`,
    "\\toprule",
    record(columns.map(({ title }) => latexText(oneLine(title)))),
    "\\midrule",
    ...rows.map((row) =>
      record(
        columns.map((column, index) => {
          const { value = null, strong = false } = row[index] ?? {};
          const text = shownValue(value, column);
          if (text === null) return "--";
          const shown = column.type === "text" ? latexText(text) : number(text);
          return strong ? `\\textbf{${shown}}` : shown;
        }),
      ),
    ),
    "\\bottomrule",
    "\\end{tabular}",
    "",
  ].join("\n");
}

/** A minus sign, not a hyphen. */
const number = (text: string): string => (text.startsWith("-") ? `$${text}$` : text);
