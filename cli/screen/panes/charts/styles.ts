import type { Style } from "../../raster.js";
import type { Drawn } from "./model.js";

export const DIM: Style = { role: "dim" };
export const ACCENT: Style = { role: "accent" };
export const TITLE: Style = { role: "title" };
export const SELECTED: Style = { role: "selected" };
export const WARN: Style = { role: "warn" };

/** One object for each line, so that neighbours join. */
export type Styles = ReadonlyMap<Drawn, Style>;

export const stylesOf = (drawn: readonly Drawn[]): Styles =>
  new Map(drawn.map((run) => [run, { series: run.index, bold: run.selected }]));
