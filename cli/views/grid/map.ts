/** What the cells of a grid show: scores, or a second map of the same cells. */
import { plural } from "../format.js";
import type { GridCell } from "./cell.js";
import type { Grid } from "./grid.js";
import { meanText, measureText, scoreText, spreadText } from "./marks.js";

export type MapName = "score" | "params" | "spread" | "n";

export interface GridMap {
  name: MapName;
  /** What it shows, for the title. */
  measure: string;
  /** Light is good. */
  lowerIsBetter: boolean;
  /** What the two ends of its scale mean; null: the worst and the best score. */
  ends: string | null;
  value(cell: GridCell): number | null;
  text(value: number, digits?: number): string;
}

export function mapOf(grid: Grid, name: MapName): GridMap {
  return MAP[name](grid);
}

/** Of how many runs the cells with parameters are a mean. */
const knownRuns = (cells: readonly GridCell[]) =>
  cells.filter(({ parameters }) => parameters !== null).map(({ of }) => of);

const MAP: Record<MapName, (grid: Grid) => GridMap> = {
  score: (grid) => ({
    name: "score",
    measure: measureText(grid),
    lowerIsBetter: grid.score.lowerIsBetter,
    ends: null,
    value: ({ mean }) => mean,
    text: (value, digits) => scoreText(grid, value, digits),
  }),
  params: ({ seeds, cells }) => ({
    name: "params",
    measure: `parameters that are trained at the end, without the head${seeds > 1 ? `, ${meanText(seeds, knownRuns(cells))}` : ""}`,
    lowerIsBetter: true,
    ends: "most to fewest parameters",
    value: ({ parameters }) => parameters,
    text: (value) => Math.round(value).toLocaleString("en-US"),
  }),
  spread: (grid) => ({
    name: "spread",
    measure: `standard deviation over seeds: ${measureText(grid)}`,
    lowerIsBetter: true,
    ends: "widest to narrowest spread",
    value: ({ deviation }) => deviation,
    text: (value, digits) => spreadText(grid, value, digits),
  }),
  n: ({ score, seeds }) => ({
    name: "n",
    measure: `runs with a score (${score.name}) of ${plural(seeds, "seed")}`,
    lowerIsBetter: false,
    ends: "fewest to most runs",
    value: ({ n, of }) => (of === 0 ? null : n),
    text: String,
  }),
};
