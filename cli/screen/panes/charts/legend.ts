import { formatCount } from "../../../views/format.js";
import { clip } from "../../../views/parts/fit.js";
import { shortNames } from "../../../views/parts/names-apart.js";
import type { Size } from "../../pane.js";
import type { Raster } from "../../raster.js";
import type { Drawn, Model } from "./model.js";
import { DIM, type Styles } from "./styles.js";

/** The most columns of one entry, and the least in which a name says something. */
const WIDEST = 48;
const LEAST = 24;
/** The least columns of a name beside a value. */
const NAME = 7;
const BETWEEN = 2;

/** Rows of the legend: all runs in few rows, and never more than a fifth of the pane. */
export function legendRows({ drawn }: Model, size: Size): number {
  if (size.rows < 5) return 0;
  const across = Math.max(1, Math.floor(size.columns / Math.min(WIDEST, Math.max(LEAST, size.columns / drawn.length))));
  return Math.min(Math.ceil(drawn.length / across), Math.max(1, Math.floor(size.rows / 5)));
}

/**
 * Names of all runs with their letters, and values where there is one chart. Where an entry has no room for both, the
 * cursor is there for the values, else the name is more.
 */
export function drawLegend(
  raster: Raster,
  { drawn, left }: Model,
  rows: number,
  { values, cursor }: { values: ReadonlyMap<Drawn, string>; cursor: boolean },
  styles: Styles,
): void {
  if (rows === 0) return;
  const across = Math.ceil(drawn.length / rows);
  const more = left > 0 ? `+${formatCount(left)} pinned` : "";
  const columns = raster.size.columns - (more === "" ? 0 : more.length + 1);
  const room = Math.min(WIDEST, Math.floor((columns + BETWEEN) / across) - BETWEEN);
  const heads = drawn.map(({ letter, best }) => `${letter}${best ? "★" : " "}`);
  const all = drawn.map((run) => values.get(run) ?? (values.size > 0 ? "-" : ""));
  const widest = (texts: readonly string[]) => Math.max(0, ...texts.map((text) => text.length));
  const beside = widest(all) > 0 ? widest(all) + 1 : 0;
  const both = room - widest(heads) - beside >= NAME;
  const wide = room - widest(heads) - (both ? beside : 0);
  const names = shortNames(
    drawn.map(({ name }) => name),
    Math.max(1, wide),
  );
  for (const [i, run] of drawn.entries()) {
    const texts = both ? [names[i], all[i]] : [cursor && beside > 0 ? all[i] : names[i]];
    const text = `${heads[i]}${texts.filter(Boolean).join(" ")}`;
    raster.write(Math.floor(i / across), (i % across) * (room + BETWEEN), clip(text, room), styles.get(run));
  }
  raster.write(0, raster.size.columns - more.length, more, DIM);
}
