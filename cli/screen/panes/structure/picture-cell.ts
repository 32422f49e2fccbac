import type { Role } from "../../line.js";

export interface PictureCell {
  /** One column wide, or a number. */
  text: string;
  /** Joins the row with the next one, in the column after the text. */
  bracket?: string;
  role?: Role | undefined;
  /** From 0 (low) to 1 (high). */
  scale?: number | undefined;
}
