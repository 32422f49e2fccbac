import type { ExaminedSpec } from "./data.js";

/** What `lor2c data --json` prints: all that the worker found. */
export function dataJson({ file, name, notes, sets }: ExaminedSpec) {
  return {
    file,
    name,
    notes,
    row_sets: sets.map(({ cells, examined: { type: _, seq: __, request: ___, index: ____, ...found } }) => {
      const { model, task, data } = cells[0].settings;
      return { runs: cells.map(({ label }) => label), model, task, data, ...found };
    }),
  };
}
