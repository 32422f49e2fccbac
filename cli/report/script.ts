import { SHADES } from "./style.js";

/**
 * What the page does beyond HTML: details of a cell on hover and focus, arrow keys in the heatmap, lines of a chart by
 * their legend, and timelines, which are drawn when they are opened. Without it, everything else can be read. Texts of
 * the data get into the page only as text.
 */
export const SCRIPT = `
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const SHADES = ${SHADES};

for (const grid of document.querySelectorAll(".grid")) {
  const panel = document.getElementById(grid.dataset.details);
  const buttons = [...grid.querySelectorAll("button")];
  const width = Number(grid.dataset.columns);
  const show = (button) => { panel.textContent = button.dataset.details; panel.classList.add("chosen"); };
  buttons.forEach((button, at) => {
    button.tabIndex = at === 0 ? 0 : -1;
    button.addEventListener("mouseenter", () => show(button));
    button.addEventListener("focus", () => {
      for (const other of buttons) other.tabIndex = other === button ? 0 : -1;
      show(button);
    });
    button.addEventListener("keydown", (event) => {
      const column = at % width;
      const to = { ArrowLeft: column > 0 ? at - 1 : at, ArrowRight: column < width - 1 ? at + 1 : at,
        ArrowUp: at - width, ArrowDown: at + width, Home: at - column, End: at - column + width - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      buttons[to]?.focus();
    });
  });
}

for (const figure of document.querySelectorAll("figure.chart")) {
  const lines = [...figure.querySelectorAll("path.series")];
  for (const button of figure.querySelectorAll(".legend button")) {
    const line = lines[Number(button.dataset.line)];
    const set = (on) => () => line?.classList.toggle("on", on);
    button.addEventListener("mouseenter", set(true));
    button.addEventListener("focus", set(true));
    button.addEventListener("mouseleave", set(false));
    button.addEventListener("blur", set(false));
  }
}

const NS = "http://www.w3.org/2000/svg";
function make(name, attributes, text) {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function draw(place, timeline) {
  const { layers, epochs, modules, label, score_name } = timeline;
  const left = 64, top = 20, height = 16;
  const width = Math.max(5, Math.min(40, Math.floor(860 / epochs.length)));
  const scores = modules.flatMap((module) => module[4] ?? []);
  const low = Math.min(...scores), high = Math.max(...scores);
  const svg = make("svg", { viewBox: "0 0 " + (left + epochs.length * width + 8) + " " + (top + layers * height + 8),
    width: left + epochs.length * width + 8, role: "img", class: "drawn" });
  svg.setAttribute("aria-label", "Layers by epoch of " + label + ", coloured by " + score_name);
  for (let layer = 0; layer < layers; layer++)
    svg.append(make("text", { x: left - 6, y: top + layer * height + 12, "text-anchor": "end" }, "layer " + layer));
  const every = Math.ceil(34 / width);
  epochs.forEach((epoch, at) => {
    if (at % every === 0)
      svg.append(make("text", { x: left + at * width + width / 2, y: 14, "text-anchor": "middle" }, String(Math.round(epoch * 100) / 100)));
  });
  for (const [at, from, to, kind, score] of modules) {
    const part = high > low ? (score - low) / (high - low) : 0.5;
    const shade = kind === "lora" ? "injected" : score === null ? "broken" : "v" + Math.round(part * (SHADES - 1));
    const rect = make("rect", { x: left + at * width, y: top + from * height, width, height: (to - from + 1) * height, class: shade });
    const layer = from === to ? "layer " + from : "layers " + from + " to " + to + " (merged)";
    rect.append(make("title", {}, layer + ", epoch " + epochs[at] + ": " + (kind === "lora" ? "injected" : score === null ? "not finite" : score_name + " " + score)));
    svg.append(rect);
  }
  place.append(svg);
}

for (const details of document.querySelectorAll("details.timeline")) {
  details.addEventListener("toggle", () => {
    const place = details.querySelector(".drawing");
    const timeline = data.timelines[Number(details.dataset.timeline)];
    if (details.open && place && place.childElementCount === 0 && timeline.modules.length > 0) draw(place, timeline);
  });
}
`;
