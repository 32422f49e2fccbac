import { markdownText } from "../views/parts/markdown-text.js";
import { oneLine } from "../views/parts/visible.js";
import type { DataTable } from "./data-table.js";
import { forPeople, shownValue } from "./for-people.js";

/** A table as GitHub, GitLab and most other programs read it. */
export function markdownTable(table: DataTable): string {
  const { columns, rows } = forPeople(table);
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(columns.map(({ title }) => markdownText(oneLine(title)))),
    line(columns.map(({ type, right }) => (type === "text" && !right ? "---" : "---:"))),
    ...rows.map((row) =>
      line(
        columns.map((column, index) => {
          const { value = null, strong = false } = row[index] ?? {};
          const text = markdownText(shownValue(value, column) ?? "–");
          return strong ? `**${text}**` : text;
        }),
      ),
    ),
    ...(table.note === undefined ? [] : ["", markdownText(oneLine(table.note))]),
    "",
  ].join("\n");
}
