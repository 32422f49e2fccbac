/** Parts of every SVG that lor2c makes: the same bytes for the same data, on every machine. */
import { parseHTML } from "linkedom";
import stringWidth from "string-width";
import { clip } from "./fit.js";
import { visible } from "./visible.js";

/** The font that png.ts loads; the SVG names it, with fallbacks for browsers. */
export const FONT = "DejaVu Sans";
export const FAMILY = `${FONT}, Verdana, sans-serif`;
export const GREY = "#555555";
/** Pixels between two lines of text, and from the edge to the text. */
export const LINE = 16;
export const EDGE = 12;
/** Width of a character at the size of notes, rounded up; lines are broken where the picture ends. */
const CHARACTER = 6.3;
/** How many characters of a heading are as wide as one of a note. */
const HEADING = 0.6;

/** How many characters of a note fit into a line. */
export const roomOf = (width: number): number => Math.floor((width - 2 * EDGE) / CHARACTER);

/** How wide a picture is at most. */
export const WIDEST = 720;

/** Width of a note with the space beside it. */
export const noteWidth = (text: string): number => Math.ceil(2 * EDGE + CHARACTER * stringWidth(text));

/** Width of a name of a picture with the space beside it. */
export const headingWidth = (text: string): number =>
  Math.ceil(2 * EDGE + (CHARACTER * (stringWidth(visible(text)) + 1)) / HEADING);

/** As wide as the widest part of a picture needs, so that no blank half stands beside it. */
export const fittingWidth = (parts: readonly number[]): number => Math.min(WIDEST, Math.max(...parts));

/** The document in which the library makes its elements. */
export const newDocument = (): Document => parseHTML("<html><body></body></html>").document as unknown as Document;

/** The types of a browser's elements are not part of this program. */
export const markup = (plot: unknown): string => (plot as { outerHTML: string }).outerHTML;

/** An SVG inside another one. */
export const nested = (svg: string, x: number, y: number): string => svg.replace("<svg ", `<svg x="${x}" y="${y}" `);

export const label = (x: number, y: number, text: string, style: string): string =>
  `<text x="${x}" y="${y}" ${style}>${escaped(text)}</text>`;

/** Small lines of text below each other; the baseline of the first is at `y`. */
export const notes = (lines: readonly string[], y: number, x = EDGE): string[] =>
  lines.map((line, i) => label(x, y + i * LINE, line, `font-size="11" fill="${GREY}"`));

/** The name of a picture, or of a part of it that begins at `y`. */
export const heading = (text: string, width: number, y = 0): string =>
  label(EDGE, y + 28, clip(visible(text), roomOf(width) * HEADING), 'font-size="16" font-weight="bold"');

export interface Page {
  width: number;
  height: number;
  title: string;
  parts: readonly string[];
}

/** The whole file: valid XML, whatever the data contains. */
export function page({ width, height, title, parts }: Page): string {
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FAMILY}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
  return visible(svg);
}

const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
