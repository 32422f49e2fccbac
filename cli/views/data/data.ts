import type { RowSet } from "../../plan/row-sets.js";
import type { Examined } from "../../protocol/messages.js";

/** What the runs of a spec would train on. */
export interface ExaminedSpec {
  file: string;
  name: string;
  notes: readonly string[];
  /** Each set of rows with what was found. */
  sets: readonly ExaminedSet[];
  /** Runs of the spec. */
  runs: number;
}

export interface ExaminedSet extends RowSet {
  examined: Examined;
}
