import type { LogLine } from "../../data.js";

/** A row of the log: of a wrapped line the part. */
export interface Place {
  line: LogLine;
  part: number;
}

export interface LogState {
  /** Only warnings and errors. */
  problems: boolean;
  /** Only lines about the selected run. */
  selected: boolean;
  wrap: boolean;
  /** The row at the bottom, and the newest line that was there when the user scrolled back. Null: follows the log. */
  back: { bottom: Place; newest: LogLine } | null;
}

export const initial: LogState = { problems: false, selected: false, wrap: false, back: null };
