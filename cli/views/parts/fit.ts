import cliTruncate from "cli-truncate";
import { textWidth } from "./text-width.js";

/**
 * `text` cut to `width` terminal columns at `position`, the cut shown as an ellipsis; null cuts nothing. Wide characters
 * count as two.
 */
export function clip(text: string, width: number | null, position: "start" | "middle" | "end" = "end"): string {
  if (width === null || textWidth(text) <= width) return text;
  const cut = cliTruncate(text, width, { position });
  // The library keeps a wide character at the cut, which makes the text one column too wide.
  return textWidth(cut) > width ? cliTruncate(text, width - 1, { position }) : cut;
}

/** Exactly `width` columns: cut or filled with spaces. */
export function fitTo(text: string, width: number, align: "left" | "right" = "left"): string {
  const cut = clip(text, width);
  const space = " ".repeat(Math.max(0, width - textWidth(cut)));
  return align === "right" ? space + cut : cut + space;
}
