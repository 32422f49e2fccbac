import { formatBytes } from "../views/parts/bytes.js";
import { rerunCommands } from "./commands.js";
import type { ReportData, ReportFact } from "./data.js";
import { type Html, html, NOTHING } from "./html.js";

export function timelinesHtml({ timelines, timelines_left_out: more }: ReportData): Html {
  const blocks = timelines.map(
    ({ run, label, changes }, at) =>
      html`<details class="timeline" data-timeline="${at}"><summary>${label} <span class="muted">${run}</span></summary>
<div class="drawing wide"></div>
${changes.length === 0 ? html`<p>No change of structure.</p>` : html`<ul>${changes.map((line) => html`<li>${line}</li>`)}</ul>`}
</details>\n`,
  );
  return html`<p class="muted">The first seed of each row; lighter is a higher score, a block over several layers is merged.</p>
${blocks}${more > 0 ? html`<p>${more} more rows: lor2c show RUN timeline</p>` : NOTHING}`;
}

export function environmentHtml(facts: readonly ReportFact[]): Html {
  if (facts.length === 0) return html`<p>No run has begun.</p>`;
  const rows = facts.map(
    ({ name, values }) =>
      html`<tr><th scope="row">${name}</th><td>${values.map((value) => valueHtml({ ...value, value: factText(name, value.value) }, values.length))}</td></tr>\n`,
  );
  return html`<div class="wide" tabindex="0" role="region" aria-label="Table: environment"><table><tbody>
${rows}</tbody></table></div>`;
}

const factText = (name: string, value: string): string =>
  name === "device.memory" && Number(value) > 0 ? formatBytes(Number(value)) : value;

const valueHtml = ({ value, runs }: ReportFact["values"][number], values: number): Html =>
  values === 1 ? html`${value}` : html`<div>${value} <span class="muted">(${runs} runs)</span></div>`;

export function specHtml({ experiment }: ReportData): Html {
  if (experiment === null) return html`<p>These runs were not asked for by the name of one experiment.</p>`;
  const sets =
    experiment.sets.length === 0 ? NOTHING : html`<p>With ${experiment.sets.map((set) => `--set ${set} `)}</p>`;
  return html`${sets}<pre tabindex="0" role="region" aria-label="Text of the spec"><code>${experiment.spec_text}</code></pre>`;
}

export const reproduceHtml = (data: ReportData): Html =>
  html`<p>The spec above trains these runs again; numbers are the same to the bit on the same kind of device with the same
packages (see Environment). Where the database is at hand:</p>
<pre tabindex="0" role="region" aria-label="Commands"><code>${rerunCommands(data).join("\n")}</code></pre>`;
