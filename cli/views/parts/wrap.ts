import stringWidth from "string-width";

/** Joins texts on as few lines of at most `width` columns as possible; null is one line. No text is cut. */
export function wrap(texts: readonly string[], between: string, width: number | null): string[] {
  const lines: string[] = [];
  for (const text of texts) {
    const joined = `${lines.at(-1)}${between}${text}`;
    if (lines.length > 0 && (width === null || stringWidth(joined) <= width)) lines[lines.length - 1] = joined;
    else lines.push(text);
  }
  return lines;
}
