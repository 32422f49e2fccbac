/** The report as one file: no address outside it, and a policy that lets no other script or style run. */
import { createHash } from "node:crypto";
import { formatCount } from "../views/format.js";
import { jsonText } from "../views/parts/visible.js";
import { chartHtml } from "./chart.js";
import { compareHtml } from "./compare-section.js";
import type { ReportData } from "./data.js";
import { gridHtml } from "./grid-section.js";
import { Html, html, NOTHING } from "./html.js";
import { SCRIPT } from "./script.js";
import { environmentHtml, reproduceHtml, specHtml, timelinesHtml } from "./sections.js";
import { STYLE } from "./style.js";

interface Section {
  id: string;
  title: string;
  body: Html;
}

/** The same bytes for the same data. */
export function reportPage(data: ReportData): string {
  const sections = sectionsOf(data);
  const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const policy = `default-src 'none'; script-src ${hash(SCRIPT)}; style-src ${hash(STYLE)}; base-uri 'none'; form-action 'none'`;
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Html(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${data.name}: lor2c report</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the results</a>
<header>
<h1>${data.name}</h1>
<p class="muted">${summary(data)}</p>
<nav aria-label="Sections"><ul>${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
</header>
<main id="main" tabindex="-1">
${sections.map(({ id, title, body }) => html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>\n${body}\n</section>\n`)}</main>
<footer class="muted">Made by lor2c. All data is inside this file as JSON, in the element with the id "data".</footer>
<script type="application/json" id="data">${new Html(linkSafe(data))}</script>
<script>${new Html(SCRIPT)}</script>
</body>
</html>
`.text;
}

function sectionsOf(data: ReportData): Section[] {
  const curves = [...data.curves.panels, ...data.losses.panels].filter((panel) => panel.curves.length > 0);
  const some = (body: Html, there: boolean): Html => (there ? body : NOTHING);
  return [
    { id: "results", title: "Results", body: compareHtml(data.compare) },
    { id: "heatmap", title: "Heatmap", body: data.grid === null ? NOTHING : gridHtml(data.grid, data.runs) },
    { id: "curves", title: "Curves", body: html`${curves.map(chartHtml)}` },
    { id: "timelines", title: "Timelines", body: some(timelinesHtml(data), data.timelines.length > 0) },
    { id: "spec", title: "Spec", body: specHtml(data) },
    { id: "environment", title: "Environment", body: environmentHtml(data.environment) },
    { id: "reproduce", title: "How to reproduce", body: reproduceHtml(data) },
  ].filter(({ body }) => body.text !== "");
}

/** `49 runs: 48 finished, 1 running. Started 2026-11-27, last run 2026-11-28.` */
function summary({ states, experiment }: ReportData): string {
  const all = Object.values(states).reduce((sum, count) => sum + count, 0);
  const parts = Object.entries(states).map(([state, count]) => `${formatCount(count)} ${state.replaceAll("_", " ")}`);
  const when =
    experiment && ` Planned ${experiment.created_at.slice(0, 10)}, last run ${experiment.last_run_at.slice(0, 10)}.`;
  return `${formatCount(all)} ${all === 1 ? "run" : "runs"}: ${parts.join(", ")}.${when ?? ""}`;
}

/** No text in it ends the element or begins a comment. */
const linkSafe = (data: ReportData): string =>
  jsonText(data).replace(/[<>&]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
