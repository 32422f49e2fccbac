import type { EventOf } from "../protocol/messages.js";
import type { Cell, Place } from "../spec/cell.js";

/** A cell that the worker has looked at and that has its id. */
export interface PlannedCell extends Cell {
  id: string;
  inspected: EventOf<"inspected">;
  /** Other combinations of the spec that turned out to be this run, such as a folder with the same rows. */
  also: OtherPlace[];
}

interface OtherPlace extends Place {
  /** Where it comes among the combinations that can run, from 0. */
  position: number;
}
