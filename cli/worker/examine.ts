import { isAbsolute } from "node:path";
import { ProtocolError } from "../errors.js";
import type { Examined } from "../protocol/messages.js";
import type { Cell } from "../spec/cell.js";
import type { Ask } from "./request.js";

/** Looks at the rows of each cell, in the order of the cells, as its training would read them. */
export async function examine(cells: readonly Pick<Cell, "settings">[], ask: Ask): Promise<Examined[]> {
  const settings = cells.map(({ settings }) => ({ ...settings, train: withoutRun(settings.train) }));
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

/** The run to start from is in a database, which this does not read, and its rows need not be these. */
const withoutRun = (train: Cell["settings"]["train"]) =>
  train.start_from === null || isAbsolute(train.start_from) ? train : { ...train, start_from: null };
