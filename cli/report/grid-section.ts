import { formatCount, formatSeconds, formatValue, shortId } from "../views/format.js";
import type { GridCell } from "../views/grid/cell.js";
import type { Grid } from "../views/grid/grid.js";
import { mapOf } from "../views/grid/map.js";
import {
  axisTitle,
  footnotes,
  legendOf,
  marksOf,
  measureText,
  scoreText,
  signOf,
  spreadText,
  subjectText,
} from "../views/grid/marks.js";
import { scaleOf } from "../views/grid/scale.js";
import type { ReportData } from "./data.js";
import { type Html, html } from "./html.js";
import { shadeOf } from "./style.js";

/** The heatmap: a table of buttons. Pointing at one, or focusing it, shows its runs below. */
export function gridHtml(grid: Grid, runs: ReportData["runs"]): Html {
  const width = grid.cols.values.length;
  const scale = scaleOf(grid, mapOf(grid, "score"));
  const rows = grid.rows.texts.map((text, i) => {
    const cells = grid.cells.slice(i * width, (i + 1) * width).map((cell, j) => {
      const shade = cell.mean === null || scale === null ? "none" : shadeOf(scale.part(cell.mean));
      const details = detailsOf(grid, cell, text, grid.cols.texts[j] ?? "", runs);
      return html`<td><button type="button" class="${shade}${cell.best ? " top" : ""}" data-details="${details}"><span class="unseen">${placeOf(details)}: ${cell.state.replaceAll("_", " ")} </span>${cellHtml(grid, cell)}</button></td>`;
    });
    return html`<tr><th scope="row">${text}</th>${cells}</tr>\n`;
  });
  return html`<p>${subjectText(grid)}: ${measureText(grid)}. ${legendOf(grid).map(([sign, meaning]) => `${sign} ${meaning}. `)}</p>
<p class="muted">Rows: ${axisTitle(grid.rows)}. Columns: ${axisTitle(grid.cols)}. Point at a cell, or go to one with the tab and arrow keys, for its runs.</p>
<div class="wide"><table class="grid" data-columns="${width}" data-details="cell">
<caption class="muted">${axisTitle(grid.rows)} by ${axisTitle(grid.cols)}</caption>
<thead><tr><td></td>${grid.cols.texts.map((text) => html`<th scope="col">${text}</th>`)}</tr></thead>
<tbody>
${rows}</tbody></table></div>
<div id="cell" class="details" aria-live="polite">No cell is chosen.</div>
<ul>${footnotes(grid).map((line) => html`<li>${line}</li>`)}</ul>`;
}

function cellHtml(grid: Grid, cell: GridCell): Html {
  if (cell.mean === null) {
    const soFar = cell.soFar === null ? "" : scoreText(grid, cell.soFar);
    return html`${soFar}${signOf(cell)}`;
  }
  const spread = cell.deviation === null ? "" : `± ${spreadText(grid, cell.deviation)} / ${cell.n}`;
  return html`${scoreText(grid, cell.mean)}${marksOf(cell)}<small>${spread}</small>`;
}

/** `merges M 1, injections I 4`, which its details begin with. */
const placeOf = (details: string): string => details.split(":", 1)[0] ?? "";

function detailsOf(grid: Grid, cell: GridCell, row: string, col: string, runs: ReportData["runs"]): string {
  const place = `${axisTitle(grid.rows)} ${row}, ${axisTitle(grid.cols)} ${col}`;
  const mean =
    cell.mean === null ? cell.state.replaceAll("_", " ") : `${grid.score.name} ${scoreText(grid, cell.mean)}`;
  const spread = cell.deviation === null ? "" : ` ± ${spreadText(grid, cell.deviation)} (standard deviation)`;
  const seeds = cell.of > 1 ? `, ${cell.n} of ${cell.of} seeds` : "";
  return [
    `${place}: ${mean}${spread}${seeds}${cell.best ? ", best" : ""}${cell.separable === false ? ", not separable from the best" : ""}`,
    ...(cell.reason === null ? [] : [cell.reason]),
    ...cell.runs.map((id) => runLine(grid, id, runs)),
  ].join("\n");
}

function runLine(grid: Grid, id: string, runs: ReportData["runs"]): string {
  const run = runs[id];
  if (run === undefined) return shortId(id);
  const parts = [
    `seed ${run.seed}`,
    run.score === null ? run.state.replaceAll("_", " ") : scoreText(grid, run.score),
    ...(run.best_epoch === null ? [] : [`best epoch ${formatValue(run.best_epoch)}`]),
    ...(run.trainable_parameters === null ? [] : [`${formatCount(run.trainable_parameters)} trainable`]),
    ...(run.seconds === null ? [] : [formatSeconds(run.seconds)]),
  ];
  return `${shortId(id)}: ${parts.join(", ")}`;
}
