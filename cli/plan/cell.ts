import type { EventOf } from "../protocol/messages.js";
import type { Cell } from "../spec/cell.js";

/** A cell that the worker has looked at and that has its id. */
export interface PlannedCell extends Cell {
  id: string;
  inspected: EventOf<"inspected">;
}
