import stringWidth from "string-width";

export interface Column {
  title: string;
  /** Numbers line up on the right. */
  align?: "left" | "right";
}

/** Rows of text as aligned columns, two spaces apart, without trailing spaces. Wide characters count as two. */
export function columns(heads: Column[], rows: string[][]): string[] {
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
