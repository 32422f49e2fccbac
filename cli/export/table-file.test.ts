import { expect, test } from "vitest";
import { CONTROLS, HOSTILE } from "../fixtures/hostile.js";
import type { DataTable } from "./data-table.js";
import { tableFile } from "./table-file.js";

const TABLE: DataTable = {
  columns: [
    { key: "name", title: "name & more", type: "text" },
    { key: "score", title: "score", type: "real", decimals: 2 },
    { key: "n", title: "n", type: "integer" },
    { key: "best", title: "best", type: "boolean" },
  ],
  rows: [
    ["a|b_c\n50 %", 0.123456, 2n ** 62n, true],
    ["[x] *y* $z$ \\ <b>&amp;", -1, null, false],
    ["", null, 3, null],
  ],
};

test("CSV and JSON have every digit, and keep NULL and empty text apart", async () => {
  expect(await tableFile(TABLE, "csv")).toBe(
    [
      "name,score,n,best",
      '"a|b_c\n50 %",0.123456,4611686018427387904,true',
      "[x] *y* $z$ \\ <b>&amp;,-1,,false",
      '"",,3,',
      "",
    ].join("\r\n"),
  );
  expect(JSON.parse(String(await tableFile(TABLE, "json")))).toEqual([
    { name: "a|b_c\n50 %", score: 0.123456, n: "4611686018427387904", best: true },
    { name: "[x] *y* $z$ \\ <b>&amp;", score: -1, n: null, best: false },
    { name: "", score: null, n: 3, best: null },
  ]);
  expect(JSON.parse(String(await tableFile({ ...TABLE, rows: [] }, "json")))).toEqual([]);
});

test("LaTeX: nothing of a text is a command", async () => {
  expect(await tableFile(TABLE, "latex")).toBe(String.raw`% \usepackage{booktabs}
\begin{tabular}{lrrr}
\toprule
name \& more & score & n & best \\
\midrule
a\textbar{}b\_c 50 \% & 0.12 & 4611686018427387904 & true \\
{[}x] {*}y{*} \$z\$ \textbackslash{} $<$b$>$\&amp; & $-1.00$ & -- & false \\
 & -- & 3 & -- \\
\bottomrule
\end{tabular}
`);
});

test("LaTeX: several hyphens stay hyphens", async () => {
  const table = { columns: [{ key: "a", title: "a---b", type: "text" as const }], rows: [["--set ----"]] };
  expect(await tableFile(table, "latex")).toContain("a-{}-{}-b \\\\\n\\midrule\n-{}-set -{}-{}-{}- \\\\");
});

test("Markdown: no text ends a cell, or becomes emphasis, HTML or a formula", async () => {
  expect(await tableFile(TABLE, "markdown")).toBe(String.raw`| name \& more | score | n | best |
| --- | ---: | ---: | ---: |
| a\|b\_c 50 % | 0.12 | 4611686018427387904 | true |
| \[x\] \*y\* \$z\$ \\ \<b\>\&amp; | -1.00 | – | false |
|  | – | 3 | – |
`);
});

test("LaTeX and Markdown leave out what only programs read", async () => {
  const columns = TABLE.columns.map((column, at) => (at === 2 ? { ...column, forPrograms: true as const } : column));
  expect(await tableFile({ ...TABLE, columns }, "markdown")).toContain("| name \\& more | score | best |\n");
  expect(await tableFile({ ...TABLE, columns }, "csv")).toContain("name,score,n,best");
});

test("no control character gets into what people open", async () => {
  const table = { ...TABLE, rows: [[HOSTILE, 1, 1, true]] };
  for (const format of ["latex", "markdown", "json"] as const) {
    expect(await tableFile(table, format)).not.toMatch(CONTROLS);
  }
  expect(JSON.parse(String(await tableFile(table, "json")))[0].name).toBe(HOSTILE);
});
