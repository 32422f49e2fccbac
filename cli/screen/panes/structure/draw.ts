/** The picture with its changes beside or below it, as much as there is room for. */

import { clip, fitTo } from "../../../views/parts/fit.js";
import { textWidth } from "../../../views/parts/text-width.js";
import { fitLine, type Line, plain, type Span } from "../../line.js";
import type { Picture } from "./picture.js";
import type { PictureCell } from "./picture-cell.js";
import { BESIDE, LONGEST_NAME, type Shape, type ShapeRequest } from "./shape.js";

export function draw({ picture, size, changes }: ShapeRequest, shape: Shape): Line[] {
  const { list, columns } = shape;
  const block = blockLines(picture, shape);
  const width = list > 0 ? columns - list - BESIDE.length : columns;
  const beside = list > 0 ? newest(changes(list), size.rows - shape.legend.length) : [];
  const height = Math.max(block.length, Math.min(beside.length, size.rows - shape.legend.length));
  const body =
    list === 0
      ? block
      : Array.from(
          { length: height },
          (_, i): Line => [...fitLine(block[i] ?? [], width), { text: BESIDE, role: "dim" }, ...(beside[i] ?? [])],
        );
  const left = size.rows - body.length - shape.legend.length;
  const below = list > 0 ? [] : newest(changes(columns), left);
  return [...body, ...shape.legend, ...below].slice(0, size.rows).map((line) => fitLine(line, columns));
}

/** The newest changes, whole, after how many are left out; of the newest one at least the beginning. */
function newest(entries: readonly Line[][], room: number): Line[] {
  if (entries.flat().length <= room) return entries.flat();
  const kept: Line[][] = [];
  for (let left = room - 1; kept.length < entries.length; ) {
    const entry = entries[entries.length - 1 - kept.length] ?? [];
    if (entry.length > left) break;
    kept.unshift(entry);
    left -= entry.length;
  }
  if (kept.length === 0) return (entries.at(-1) ?? []).slice(0, Math.max(0, room));
  return [plain(`… ${entries.length - kept.length} before`, { role: "dim" }), ...kept.flat()];
}

function blockLines(picture: Picture, shape: Shape): Line[] {
  const { side, body, end, epochs, rows, top } = shape;
  const heads = epochs.map((index, i): Line => {
    const next = epochs[i + 1];
    const gap = next === undefined ? (index < picture.columns.length - 1 ? "›" : " ") : next > index + 1 ? "…" : " ";
    return [
      { text: fitTo(picture.columns[index]?.head ?? "", body, "right"), role: "title" },
      { text: gap, role: "accent" },
    ];
  });
  const before = epochs[0] ?? 0;
  const first = before > 0 ? "‹" : " ";
  const head: Line = [
    { text: fitTo(picture.rowTitle, side - 1), role: "title" },
    { text: first, role: "accent" },
    ...heads.flat(),
    ...(end > 0 ? [{ text: fitTo(picture.endTitle ?? "", end, "right"), role: "title" as const }] : []),
  ];
  const shown = picture.rows.slice(top, top + rows);
  return [
    head,
    ...shown.map((row, i): Line => {
      const hidden = i === 0 && top > 0 ? `↑${top}` : "";
      const more = picture.rows.length - top - rows;
      const mark = hidden || (i === shown.length - 1 && more > 0 ? `↓${more}` : "");
      return [
        { text: mark, role: "accent" },
        { text: `${fitTo(clip(row.name, LONGEST_NAME), side - 1 - textWidth(mark), "right")} `, role: "title" },
        ...epochs.flatMap((index) => cellSpans(row.cells[index], body)),
        ...(end > 0 ? [{ text: fitTo(row.end, end, "right") }] : []),
      ];
    }),
  ];
}

function cellSpans(cell: PictureCell | undefined, body: number): Span[] {
  const { text = "", bracket, role, scale } = cell ?? {};
  const style = scale === undefined ? { role } : { scale };
  return [{ text: `${fitTo(text, body, "right")}${bracket || " "}`, ...style, bold: role === "accent" || undefined }];
}
