import stringWidth from "string-width";

/** Columns of short texts that were measured, because a screen measures the same ones in every frame, at microseconds each. */
const measured = new Map<string, number>();
const LONGEST = 64;
const MOST = 10_000;

/** Columns of a text on a terminal; wide characters take two. */
export function textWidth(text: string): number {
  if (text.length > LONGEST) return stringWidth(text);
  const known = measured.get(text);
  if (known !== undefined) return known;
  const width = stringWidth(text);
  if (measured.size >= MOST) measured.clear();
  measured.set(text, width);
  return width;
}
