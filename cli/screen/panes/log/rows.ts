import { breakLines } from "../../../views/parts/break-lines.js";
import { clip, fitTo } from "../../../views/parts/fit.js";
import { shortNames } from "../../../views/parts/names-apart.js";
import { textWidth } from "../../../views/parts/text-width.js";
import { oneLine, visible } from "../../../views/parts/visible.js";
import type { LogLine } from "../../data.js";
import { kept } from "../../kept.js";
import type { Line, Role, Span } from "../../line.js";
import { splitWide } from "./split.js";

/** How lines become rows. The same object while it stays the same, because made rows are kept for it. */
export interface RowStyle {
  columns: number;
  wrap: boolean;
  /** Label -> what is shown of it. */
  names: ReadonlyMap<string, string>;
  /** Columns of all names. */
  width: number;
}

/** A text in fewer columns beside the label says little: the label gets less. */
const TEXT = 16;
/** `HH:MM:SS`, the sign of the level, and a blank after each. */
const HEAD = 11;

const SIGNS: Record<LogLine["level"], string> = { info: " ", warn: "!", error: "✗" };
const ROLES: Record<LogLine["level"], Role | undefined> = { info: undefined, warn: "warn", error: "bad" };

const lastStyle = kept<RowStyle>();

/** `log`: all lines, so that a filter does not move the texts. */
export function rowStyle(log: readonly LogLine[], columns: number, wrap: boolean): RowStyle {
  const labels = [...new Set(log.map(({ label }) => label))].filter((label) => label !== "");
  return lastStyle([columns, wrap, ...labels], () => {
    const most = Math.max(1, Math.min(Math.floor(columns / 3), columns - HEAD - TEXT));
    const names = shortNames(labels.map(oneLine), most);
    return {
      ...{ columns, wrap, names: new Map(labels.map((label, i) => [label, names[i] ?? ""])) },
      width: Math.max(0, ...names.map((name) => textWidth(name))),
    };
  });
}

const known = new WeakMap<LogLine, { style: RowStyle; rows: readonly Line[] }>();

/** The rows of a line: one, or as many as its whole text needs. */
export function rowsOf(line: LogLine, style: RowStyle): readonly Line[] {
  const made = known.get(line);
  if (made?.style === style) return made.rows;
  const rows = makeRows(line, style);
  known.set(line, { style, rows });
  return rows;
}

function makeRows(line: LogLine, { columns, wrap, names, width }: RowStyle): Line[] {
  const { level, label, text } = line;
  const name = width === 0 ? "" : `${fitTo(names.get(label) ?? "", width)} `;
  const room = Math.max(1, columns - HEAD - textWidth(name));
  const role = ROLES[level];
  const head: Span[] = [
    { text: `${clock(line.at)} `, role: "dim" },
    { text: `${SIGNS[level]} `, role, bold: level === "error" },
    { text: name, role: "accent" },
  ];
  if (!wrap) return [[...head, { text: clip(oneLine(text), room), role }]];
  const texts = wrapped(text, room);
  const below: Span = { text: " ".repeat(HEAD + textWidth(name)) };
  return texts.map((part, i) => [...(i === 0 ? head : [below]), { text: part, role }]);
}

/** Line breaks of the text stay; words longer than a row are parted. */
function wrapped(text: string, room: number): string[] {
  const lines = visible(text.replace(/\r\n?/g, "\n").replace(/\t/g, "  ")).split("\n");
  return lines
    .flatMap((line) => breakLines(line.trimEnd(), room, "", textWidth))
    .flatMap((part) => splitWide(part, room));
}

const clock = (at: number): string => new Date(at).toLocaleTimeString("en-GB");
