import { ProtocolError } from "../errors.js";
import type { EventOf } from "../protocol/messages.js";
import type { Cell } from "../spec/cell.js";
import type { Ask } from "./request.js";

export interface Inspection {
  ready: EventOf<"ready">;
  /** One per cell, in the order of the cells. */
  inspected: EventOf<"inspected">[];
  /** What the answers depend on besides the question, with stamps; null if that is unknown. */
  sources: EventOf<"sources">["files"];
}

/** Asks a worker to inspect these cells. A cell that cannot run has `problems`; this function does not throw for it. */
export async function inspect(cells: readonly Pick<Cell, "settings">[], ask: Ask): Promise<Inspection> {
  const settings = cells.map((cell) => ({ ...cell.settings }));
  const { ready, events } = await ask({ type: "inspect", request: "inspect", settings });
  const byIndex = new Map(
    events.filter((event) => event.type === "inspected").map((event) => [event.index, event] as const),
  );
  const inspected = cells.map((_, index) => {
    const event = byIndex.get(index);
    if (!event) throw new ProtocolError("PROTOCOL_INCOMPLETE", `the worker did not answer for cell ${index}`);
    return event;
  });
  const sources = events.find((event) => event.type === "sources")?.files ?? null;
  return { ready, inspected, sources };
}
