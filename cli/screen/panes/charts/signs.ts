/** Characters of a chart, of one column each. */
export const SIGNS = {
  /** Left edge at a number, and elsewhere. */
  tick: "┤",
  edge: "│",
  /** Line below the drawing, and where a number is below it. */
  corner: "└",
  floor: "─",
  mark: "┬",
  /** Vertical lines; the horizontal one of the majority class. */
  change: "┊",
  cursor: "│",
  majority: "╌",
  /** A value that is not finite. */
  broken: "×",
  /** A line of one point. */
  point: "•",
} as const;
