/** SGR codes of what a piece of text means, readable on the background that the terminal has. */
import { cividis, scaleCodes } from "../views/grid/colour.js";
import type { Role, Span } from "./line.js";
import type { Look } from "./pane.js";

type Coloured = Exclude<Role, "dim" | "title" | "selected">;

/** Of the 256 colours: at least 4.5 to 1 on black or on white. */
const COLOURS: Record<"dark" | "light", Record<Coloured | "dim", number>> = {
  dark: { good: 78, bad: 210, warn: 221, accent: 81, dim: 247 },
  light: { good: 22, bad: 124, warn: 94, accent: 25, dim: 240 },
};

/** Of the 16 colours, whose shades each terminal chooses. Yellow can't be read on white. */
const FEW: Record<"dark" | "light", Record<Coloured, number>> = {
  dark: { good: 92, bad: 91, warn: 93, accent: 96 },
  light: { good: 32, bad: 31, warn: 35, accent: 34 },
};

/** Near the palette of Okabe and Ito, which colour-blind readers can tell apart. */
const SERIES = { dark: [81, 214, 79, 175, 227, 111, 255], light: [25, 130, 29, 127, 88, 55, 232] };
const FEW_SERIES = { dark: [96, 93, 92, 95, 94, 91, 97], light: [34, 31, 32, 35, 36, 30] };

/** SGR codes of a piece, without ESC[ and m; empty if it looks like plain text. */
export function sgrOf(span: Span, { depth, dark }: Look): string {
  const ground = dark ? "dark" : "light";
  const codes: (string | number)[] = [];
  if (span.bold || span.role === "title") codes.push(1);
  if (span.role === "selected") codes.push(7);
  if (span.scale !== undefined && depth > 1) codes.push(scaleCodes(span.scale, depth, cividis));
  else if (span.series !== undefined && depth > 1) codes.push(seriesCode(span.series, depth, ground));
  else if (span.role === "dim") codes.push(depth >= 8 ? `38;5;${COLOURS[ground].dim}` : 2);
  else if (isColoured(span.role) && depth > 1) {
    codes.push(depth === 4 ? FEW[ground][span.role] : `38;5;${COLOURS[ground][span.role]}`);
  }
  return codes.join(";");
}

const isColoured = (role: Role | undefined): role is Coloured => role !== undefined && role in FEW.dark;

function seriesCode(series: number, depth: Look["depth"], ground: "dark" | "light"): string | number {
  const few = FEW_SERIES[ground];
  const many = SERIES[ground];
  return depth === 4 ? (few[series % few.length] ?? "") : `38;5;${many[series % many.length]}`;
}
