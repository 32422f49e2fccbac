/** A table environment that needs only the package booktabs. */
import type { AverageCell, MeasuredTable } from "../../paper/measured-table.js";
import type { Verdict } from "../../paper/verdict.js";
import { latexText } from "../parts/latex-text.js";
import { AVERAGE, countsText, legend, NOT_RUN, numbers, title } from "./words.js";

/** Superscripts of a measured number: words would be too wide for seven columns. */
const MARKS: Record<Verdict, string> = {
  reproduced: "=",
  differs: "\\neq",
  underpowered: "?",
  "not comparable": "\\times",
  "not run": "",
};

export function paperLatex(table: MeasuredTable): string {
  const { decimals } = table;
  const heads = ["Method", "\\#Params", ...table.columns.map(({ name }) => latexText(name)), AVERAGE];
  const rows = table.rows.flatMap((row, i) => {
    const cells: AverageCell[] = [...row.cells, row.average];
    return [
      ...(i === 0 ? [] : ["\\addlinespace"]),
      record([latexText(row.label), latexText(countsText(row)), ...cells.map((cell) => measured(cell, decimals))]),
      record([
        "\\quad\\textit{published}",
        latexText(row.params.published ?? "-"),
        ...cells.map((cell) => cell.published.toFixed(decimals)),
      ]),
    ];
  });
  const notes = [...table.notes, ...table.published_notes];
  return [
    "% \\usepackage{booktabs}",
    "\\begin{table}[t]",
    "\\centering",
    `\\caption{${latexText(title(table))}. ${legend(table).map(latexText).join(" ")} ${markLegend()}}`,
    `\\label{tab:lor2c-${table.table}}`,
    "\\footnotesize",
    "\\setlength{\\tabcolsep}{3pt}",
    `\\begin{tabular}{lr*{${heads.length - 2}}{c}}`,
    "\\toprule",
    record(heads),
    "\\midrule",
    ...rows,
    "\\bottomrule",
    "\\end{tabular}",
    ...(notes.length > 0
      ? [
          "",
          "\\medskip",
          "\\begin{minipage}{\\linewidth}",
          ...notes.map((note) => `${latexText(note)}\\par`),
          "\\end{minipage}",
        ]
      : []),
    "\\end{table}",
  ].join("\n");
}

const record = (cells: readonly string[]): string => `${cells.join(" & ")} \\\\`;

/** `$86.4 \pm 1.2_{3}^{\neq}$`: number of seeds below, verdict above. */
function measured(cell: AverageCell & { standard_error?: number | null }, decimals: number): string {
  const found = numbers(cell, decimals);
  if (!found) return "--";
  const error = cell.standard_error ?? null;
  const spread = error === null ? "" : ` \\pm ${error.toFixed(decimals)}\\,\\mathrm{se}`;
  const half = found.half === null ? spread : ` \\pm ${found.half}`;
  return `$${found.mean}${half}_{${cell.measured?.n}}^{${MARKS[cell.verdict]}}$`;
}

function markLegend(): string {
  const marks = Object.entries(MARKS).filter(([verdict]) => verdict !== NOT_RUN);
  const named = marks.map(([verdict, mark]) => `$${mark}$ ${verdict}`).join(", ");
  return `Subscript: number of seeds. Superscript: ${named}; -- not run.`;
}
