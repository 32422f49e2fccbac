import stringWidth from "string-width";

const graphemes = new Intl.Segmenter();

/** Parts of at most `width` columns of a text that has no place to break, such as a path. */
export function splitWide(text: string, width: number): string[] {
  if (stringWidth(text) <= width) return [text];
  const parts: string[] = [];
  let part = "";
  let room = width;
  for (const { segment } of graphemes.segment(text)) {
    const wide = stringWidth(segment);
    if (wide > room && part !== "") {
      parts.push(part);
      part = "";
      room = width;
    }
    part += segment;
    room -= wide;
  }
  return [...parts, part];
}
