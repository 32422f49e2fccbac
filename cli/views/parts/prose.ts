import stringWidth from "string-width";
import { breakLines } from "./break-lines.js";

/** A text on lines of at most `width` columns, see `breakLines`. Wide characters count as two. */
export const prose = (text: string, width: number | null, indent = "  "): string[] =>
  breakLines(text, width, indent, stringWidth);
