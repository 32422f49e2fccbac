import stringWidth from "string-width";
import { visible } from "./parts/visible.js";

export interface Column {
  title: string;
  /** Default: left. Use right for numbers. */
  align?: "left" | "right";
}

/**
 * Aligns rows of text in columns, two spaces apart: a line for each row, without trailing spaces. Wide characters
 * count as two.
 */
export function columns(heads: Column[], texts: string[][]): string[] {
  const rows = texts.map((cells) => cells.map((text) => visible(text.replace(/[\t\n\r]+/g, " "))));
  const widths = heads.map((head, index) =>
    Math.max(stringWidth(head.title), ...rows.map((row) => stringWidth(row[index] ?? ""))),
  );
  const line = (cells: string[]): string =>
    heads
      .map((head, index) => {
        const text = cells[index] ?? "";
        const space = " ".repeat((widths[index] ?? 0) - stringWidth(text));
        return head.align === "right" ? space + text : text + space;
      })
      .join("  ")
      .trimEnd();
  return [line(heads.map((head) => head.title)), ...rows.map(line)];
}
