/** The grid of a sweep: cells as they wait, train, finish and fail, and what is known of the one under the cursor. */
import { mapOf } from "../../../views/grid/map.js";
import type { Pane } from "../../pane.js";
import { type GridPaneState, move, otherSeed } from "./cursor.js";
import { gridPaneLines, wantedRows } from "./draw.js";

export const gridPane: Pane<GridPaneState> = {
  name: "grid",
  title: ({ data: { grid }, state }) => (grid ? `Grid: ${mapOf(grid, state.show).measure}` : "Grid"),
  initial: { at: null, selected: null, show: "score" },
  shows: ({ grid }) => grid !== null && grid.cells.length > 0,
  least: () => ({ columns: 24, rows: 4 }),
  wanted: wantedRows,
  lines: gridPaneLines,
  keys: [
    { keys: ["up", "down", "left", "right"], does: "move over the cells", press: move },
    { keys: ["home", "end"], does: "first or last cell of the row", press: move },
    { keys: ["[", "]"], does: "seed of the cell", press: otherSeed },
    {
      keys: ["p"],
      does: "scores or parameters",
      press: ({ state }) => ({ state: { ...state, show: state.show === "score" ? "params" : "score" } }),
    },
  ],
};
