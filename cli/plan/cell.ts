import type { EventOf } from "../protocol/messages.js";
import type { Cell, PlaceInSweep } from "../spec/cell.js";

/** A cell that the worker has inspected, with its id. */
export interface PlannedCell extends Cell {
  id: string;
  inspected: EventOf<"inspected">;
  /** Other combinations of the spec that are the same run, such as another folder with the same rows. */
  also: OtherPlace[];
}

interface OtherPlace extends PlaceInSweep {
  /** Its index among the combinations that can run, from 0. */
  position: number;
}
