/** For terminals that show only ASCII: each sign of a pane as one that looks alike, of the same width. */
import type { Line } from "../line.js";
import type { Look } from "../pane.js";

const ALIKE: Readonly<Record<string, string>> = {
  ...{ "★": "*", "≈": "~", "▸": ">", "×": "x", "■": "#", "·": ".", "–": "-", "±": "+", "…": "~" },
  ...{ "↓": "v", "↑": "^", "←": "<", "→": ">", "‹": "<", "›": ">", "│": "|", "┐": "\\", "┘": "/", "┤": "|" },
  ...{ "░": ".", "▒": ":", "▓": "%", "█": "#" },
};
const SIGNS = new RegExp(`[${Object.keys(ALIKE).join("")}]`, "g");

/** The lines as they are, where the terminal has more than ASCII. */
export function asciiIf({ ascii }: Look, lines: readonly Line[]): Line[] {
  if (!ascii) return [...lines];
  return lines.map((line) =>
    line.map((span) => ({ ...span, text: span.text.replace(SIGNS, (sign) => ALIKE[sign] ?? sign) })),
  );
}
