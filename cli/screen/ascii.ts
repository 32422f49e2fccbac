/** Characters for terminals and fonts that have only ASCII: each takes as many columns as what it stands for. */
import stringWidth from "string-width";

/** ASCII character -> what it stands for. */
const STANDS_FOR: Readonly<Record<string, string>> = {
  "-": "─━┄┅┈┉╌╍╴╶╸╺═‐‑‒–—−▌▍▎▏",
  "|": "│┃┆┇┊┋╎╏╵╷╹╻║▐▕",
  "+": "┌┍┎┏┐┑┒┓└┕┖┗┘┙┚┛├┝┞┟┠┡┢┣┤┥┦┧┨┩┪┫┬┭┮┯┰┱┲┳┴┵┶┷┸┹┺┻┼┽┾┿╀╁╂╃╄╅╆╇╈╉╊╋╭╮╯╰╔╗╚╝╠╣╦╩╬✓✔▒▅",
  "#": "█▉▊▋■▪▮▰▇",
  ".": "□▫▯▱░…·•∙⋅▂",
  "%": "▓",
  _: "▁",
  "=": "▃▄",
  "*": "★☆▆",
  ">": "▸▹▶►▷→⇒≥»›",
  "<": "◂◃◀◄◁←⇐↵⏎≤«‹",
  "^": "▲△▴▵↑⇑",
  v: "▼▽▾▿↓⇓",
  x: "✗✘✕✖×⨯",
  o: "●○◉◌◯°",
  "~": "≈≃∼",
  "!": "≠⚠",
  "'": "‘’▀▔",
  '"': "“”„",
  d: "Δδ",
  u: "µμ",
  a: "α",
  b: "β",
  s: "σΣ",
  8: "∞",
};

const ASCII = new Map(Object.entries(STANDS_FOR).flatMap(([to, from]) => Array.from(from, (mark) => [mark, to])));

/** The text in ASCII, equally wide. Letters lose their accents; what has no likeness becomes `?`. */
export function asciiOf(text: string): string {
  return text.replace(/[^\x20-\x7e]+/gu, (part) => Array.from(part, likeness).join(""));
}

function likeness(mark: string): string {
  const known = ASCII.get(mark) ?? braille(mark);
  if (known !== undefined) return known;
  const [letter = ""] = mark.normalize("NFKD");
  return /^[\x20-\x7e]$/.test(letter) && stringWidth(mark) === 1 ? letter : "?".repeat(stringWidth(mark));
}

/** Dots in the upper half, in the lower half, or in both. */
const [UPPER, LOWER] = [0b00011011, 0b11100100];

function braille(mark: string): string | undefined {
  const dots = (mark.codePointAt(0) ?? 0) - 0x2800;
  if (dots < 0 || dots > 0xff) return undefined;
  if (dots === 0) return " ";
  if ((dots & UPPER) === 0) return ".";
  return (dots & LOWER) === 0 ? "'" : ":";
}
