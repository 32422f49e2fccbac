import { type Line, lineWidth, type Span } from "../line.js";

/** Entries of several pieces on as few lines as possible. An entry that is too wide has a line of its own. */
export function wrapSpans(entries: readonly Line[], gap: string, columns: number): Line[] {
  const lines: Span[][] = [];
  let width = 0;
  for (const entry of entries) {
    const own = lineWidth(entry);
    const line = lines.at(-1);
    if (line && width + gap.length + own <= columns) {
      line.push({ text: gap }, ...entry);
      width += gap.length + own;
    } else {
      lines.push([...entry]);
      width = own;
    }
  }
  return lines;
}

/** The first lines, with a mark if there are more. */
export function cutAfter(lines: readonly Line[], count: number): Line[] {
  const shown = lines.slice(0, count);
  if (shown.length === lines.length || shown.length === 0) return shown;
  return [...shown.slice(0, -1), [...(shown.at(-1) ?? []), { text: " …", role: "dim" }]];
}
