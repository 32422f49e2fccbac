import { ProtocolError } from "../errors.js";
import type { Examined } from "../protocol/messages.js";
import type { Cell } from "../spec/cell.js";
import type { Ask } from "./request.js";

/** Looks at the rows of each cell, in the order of the cells, as its training would read them. */
export async function examine(cells: readonly Pick<Cell, "settings">[], ask: Ask): Promise<Examined[]> {
  const settings = cells.map((cell) => ({ ...cell.settings }));
  const { events } = await ask({ type: "examine", request: "examine", settings });
  const examined = events.filter((event) => event.type === "examined").sort((a, b) => a.index - b.index);
  if (examined.length !== cells.length) {
    throw new ProtocolError(
      "PROTOCOL_INCOMPLETE",
      `the worker examined ${examined.length} of ${cells.length} sets of rows`,
    );
  }
  return examined;
}
