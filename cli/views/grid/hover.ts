import { formatValue, plural } from "../format.js";
import { oneLine } from "../parts/visible.js";
import type { GridCell } from "./cell.js";
import type { Grid } from "./grid.js";
import { placeText, scoreText, spreadText } from "./marks.js";

/** All that is known of a cell, for a pointer above it. */
export function hoverText(grid: Grid, cell: GridCell): string {
  const { mean, deviation, n, of, soFar, p, separable, parameters, state, reason } = cell;
  const spread = deviation === null ? "" : ` ± ${spreadText(grid, deviation)}`;
  const facts = [
    mean === null ? null : `${scoreText(grid, mean)}${spread}`,
    mean === null && soFar !== null ? `${scoreText(grid, soFar)}, not final` : null,
    of === 0 ? null : n === of ? plural(of, "seed") : `${n} of ${plural(of, "seed")}`,
    cell.best ? "best" : null,
    separable === null || p === null ? null : `${separable ? "" : "not "}separable from the best (p ${formatValue(p)})`,
    parameters === null ? null : `${Math.round(parameters).toLocaleString("en-US")} parameters`,
    state === "finished" ? null : (reason ?? state.replaceAll("_", " ")),
  ];
  return oneLine(`${placeText(grid, cell)}: ${facts.filter((fact) => fact !== null).join(", ")}`);
}
