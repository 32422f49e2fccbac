import { marksLegend, measureText, setTitle, soFarLegend, stateText } from "../views/compare/cell-texts.js";
import { chosenLines } from "../views/compare/chosen-text.js";
import type { CompareCell, CompareColumn, CompareData, CompareRow, CompareSet } from "../views/compare/data.js";
import { itemLines } from "../views/compare/item-text.js";
import { testLines } from "../views/compare/tests-text.js";
import { leafText, NOT_KNOWN, numberFormat, signed } from "../views/compare/values.js";
import { type Html, html, NOTHING } from "./html.js";

/** The rows of a comparison, and the tests of each set. */
export const compareHtml = (data: CompareData): Html => html`${data.sets.map((set) => setHtml(data.columns, set))}`;

interface Column {
  title: string;
  number: boolean;
  text(row: CompareRow): string;
}

function setHtml(columns: readonly CompareColumn[], set: CompareSet): Html {
  const { rows, tests, baseline, apart } = set;
  const shown = columns.flatMap((column, at) => columnsOf(column, at, set));
  const title = setTitle(set);
  const marks = marksLegend(set);
  const soFar = soFarLegend(rows);
  const head = shown.map(({ title, number }) => html`<th scope="col"${numberClass(number)}>${title}</th>`);
  const body = rows.map(
    (row) =>
      html`<tr${row.mark === "best" ? html` class="best"` : NOTHING}><th scope="row">${row.name}${markText(row)}</th><td>${stateText(row)}</td>${shown.map(
        ({ number, text }) => html`<td${numberClass(number)}>${text(row)}</td>`,
      )}</tr>\n`,
  );
  const format = formatOf(columns[tests?.column ?? 0], tests?.column ?? 0, rows);
  return html`<h3>${title}</h3>
${apart === null ? NOTHING : html`<p>Not compared with the rows above: ${apart}.</p>`}
<div class="wide" tabindex="0" role="region" aria-label="Table: ${title}"><table>
<thead><tr><th scope="col">name</th><th scope="col">state</th>${head}</tr></thead>
<tbody>
${body}</tbody></table></div>
<p class="muted">± is half of the 95 % interval of the mean over seeds.${marks === null ? "" : ` ${marks}.`}${soFar === null ? "" : ` ${soFar}.`}${baseline === null ? "" : ` Changes are to ${baseline}.`}</p>
${chosenLines(set, format).map((line) => html`<p>${line}</p>`)}
${tests === null ? NOTHING : testsHtml("Statistical tests", title, testLines(tests, format, null))}
${tests === null ? NOTHING : testsHtml("Over the evaluation rows", title, itemLines(tests, format, null))}`;
}

const testsHtml = (what: string, title: string, lines: readonly string[]): Html =>
  lines.length === 0
    ? NOTHING
    : html`${blocksOf(lines).map(({ aligned, lines }, at) =>
        aligned
          ? html`<pre tabindex="0" role="region" aria-label="${what}${at > 1 ? ` ${at}` : ""}: ${title}">${lines.join("\n")}</pre>\n`
          : html`<p>${lines.join(" ")}</p>\n`,
      )}`;

/** Aligned columns stay as they are and scroll; sentences become paragraphs, which the browser breaks. */
function blocksOf(lines: readonly string[]): { aligned: boolean; lines: string[] }[] {
  const blocks: { aligned: boolean; lines: string[] }[] = [];
  for (const line of lines) {
    if (line.trim() === "") continue;
    const aligned = /\S {2,}\S/.test(line);
    const last = blocks.at(-1);
    if (aligned && last?.aligned) last.lines.push(line);
    else blocks.push({ aligned, lines: [line] });
  }
  return blocks;
}

const numberClass = (number: boolean): Html => (number ? html` class="number"` : NOTHING);

const markText = ({ mark }: CompareRow): string => (mark === "best" ? " *" : mark === "open" ? " ~" : "");

function formatOf(
  column: CompareColumn | undefined,
  at: number,
  rows: readonly CompareRow[],
): (value: number) => string {
  return numberFormat(
    column ?? { unit: null },
    rows.flatMap(({ cells }) => cells[at]?.over?.mean ?? []),
  );
}

function columnsOf(column: CompareColumn, at: number, set: CompareSet): Column[] {
  const title = column.key === "score" ? (set.score_name ?? "score") : column.heading;
  if (column.kind === "setting") return [{ title, number: false, text: ({ cells }) => settingText(cells[at]) }];
  const own = formatOf(column, at, set.rows);
  const measure: Column = { title, number: true, text: ({ cells }) => measureText(cells[at], column, own) };
  const seeds: Column = { title: "n", number: true, text: ({ cells }) => String(cells[at]?.over?.n ?? 0) };
  const change: Column = { title: "change", number: true, text: (row) => changeText(row, at, set, own) };
  return [measure, ...(at === 0 ? [seeds, ...(set.baseline === null ? [] : [change])] : [])];
}

function changeText(row: CompareRow, at: number, set: CompareSet, format: (value: number) => string): string {
  if (row.name === set.baseline) return "baseline";
  const delta = row.cells[at]?.delta ?? null;
  return delta === null ? NOT_KNOWN : signed(delta, format);
}

const settingText = (cell: CompareCell | undefined): string =>
  [...new Set((cell?.values ?? []).map((value) => (value === undefined ? NOT_KNOWN : leafText(value))))].join(", ");
