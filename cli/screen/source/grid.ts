import { UsageError } from "../../errors.js";
import type { Store } from "../../store/store.js";
import type { Grid } from "../../views/grid/grid.js";
import { gridOf } from "../../views/grid/load.js";

/** The grid of an experiment, kept until its runs change. */
export class KeptGrid {
  #mark: string | undefined;
  #grid: Grid | null = null;
  #text = "";

  constructor(private readonly experiment: number | null) {}

  get grid(): Grid | null {
    return this.#grid;
  }

  /** `mark` changes when something that the grid shows does. */
  isOld(mark: string): boolean {
    return this.experiment !== null && mark !== this.#mark;
  }

  /** Of equal grids the first stays. */
  read(store: Store, mark: string): void {
    if (this.experiment === null) return;
    const grid = gridOrNull(store, this.experiment);
    const text = JSON.stringify(grid);
    if (text !== this.#text) this.#grid = grid;
    [this.#text, this.#mark] = [text, mark];
  }
}

/** Null also where a third axis varies, or scores differ: `lor2c heatmap` tells why and how to choose. */
function gridOrNull(store: Store, experiment: number): Grid | null {
  try {
    return gridOf(store, experiment, { withoutItems: true });
  } catch (error) {
    if (error instanceof UsageError) return null;
    throw error;
  }
}
