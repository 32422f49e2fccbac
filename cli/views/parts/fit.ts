import stringWidth from "string-width";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** `text` cut to `width` terminal columns, the cut shown as an ellipsis. Wide characters count as two. */
export function clip(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  if (width < 1) return "";
  let kept = "";
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    const size = stringWidth(segment);
    if (used + size > width - 1) break;
    kept += segment;
    used += size;
  }
  return `${kept}…`;
}

/** Exactly `width` columns: cut or filled with spaces. */
export function fitTo(text: string, width: number, align: "left" | "right" = "left"): string {
  const cut = clip(text, width);
  const space = " ".repeat(Math.max(0, width - stringWidth(cut)));
  return align === "right" ? space + cut : cut + space;
}

/** One line: a newline in an error message must not break a table. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
