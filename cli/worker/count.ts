import { ProtocolError } from "../errors.js";
import type { EventOf } from "../protocol/messages.js";
import type { Cell } from "../spec/cell.js";
import type { Ask } from "./request.js";

/**
 * Counts trainable parameters of each cell from only shapes, in the order of the cells. Needs no rows and no weights.
 */
export async function countCells(cells: readonly Pick<Cell, "settings">[], ask: Ask): Promise<EventOf<"counted">[]> {
  const settings = cells.map((cell) => ({ ...cell.settings }));
  const { events } = await ask({ type: "count", request: "count", settings });
  const counted = events.filter((event) => event.type === "counted").sort((a, b) => a.index - b.index);
  if (counted.length !== cells.length) {
    throw new ProtocolError("PROTOCOL_INCOMPLETE", `the worker counted ${counted.length} of ${cells.length} cells`);
  }
  return counted;
}
