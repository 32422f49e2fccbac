/** Invisible characters, which no name on a hub, path or key of a spec contains on purpose. */

/** Characters that look like a space, or like nothing. */
const LOOKALIKES: Record<string, string> = {
  "\u00a0": "no-break space",
  "\u00ad": "soft hyphen",
  "\u1680": "ogham space",
  "\u180e": "Mongolian vowel separator",
  "\u2028": "line separator",
  "\u2029": "paragraph separator",
  "\u200b": "zero-width space",
  "\u034f": "combining grapheme joiner",
  "\u061c": "Arabic letter mark",
  "\u115f": "Hangul filler",
  "\u1160": "Hangul filler",
  "\u200c": "zero-width non-joiner",
  "\u200d": "zero-width joiner",
  "\u200e": "left-to-right mark",
  "\u200f": "right-to-left mark",
  "\u202f": "narrow no-break space",
  "\u205f": "mathematical space",
  "\u2060": "word joiner",
  "\u2061": "invisible function sign",
  "\u2062": "invisible times sign",
  "\u2063": "invisible separator",
  "\u2064": "invisible plus sign",
  "\u2800": "blank of Braille",
  "\u3000": "ideographic space",
  "\u3164": "Hangul filler",
  "\ufeff": "byte order mark",
  "\uffa0": "Hangul filler",
};
for (const code of [0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069]) {
  LOOKALIKES[String.fromCharCode(code)] = "mark of direction";
}
for (let code = 0x2000; code <= 0x200a; code++) LOOKALIKES[String.fromCharCode(code)] = "typographic space";

/** Finds the first look-alike of a space in unquoted text, and says what to write. */
export function findLookalike(text: string): { at: number; message: string; hint: string } | undefined {
  for (let at = 0; at < text.length; at++) {
    if (LOOKALIKES[text[at] ?? ""] === undefined) continue;
    const hint = "write a plain space or nothing, or quote the text if it belongs there";
    return { at, message: `there is ${named(text, at)}`, hint };
  }
  return undefined;
}

/** Names the first such character: `a no-break space (U+00A0)`. */
export function lookalikeIn(text: string): string | undefined {
  const odd = findLookalike(text);
  return odd && named(text, odd.at);
}

function named(text: string, at: number): string {
  const name = LOOKALIKES[text[at] ?? ""] ?? "character";
  return `${/^[aeiou]/.test(name) ? "an" : "a"} ${name} (${code(text, at)})`;
}

const HALF_PAIR = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: this pattern is to match them
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
/** These break a line, or change the direction of the text. */
const NOT_IN_NAMES = /[\t\n\r\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** Why a text cannot be a value of a spec: files, databases or terminals cannot take it. Undefined if it can. */
export function unusable(text: string): string | undefined {
  const half = HALF_PAIR.exec(text);
  if (half) return `has half of a surrogate pair (${code(text, half.index)}), which is not a character`;
  const control = CONTROL.exec(text);
  return control ? `has a control character (${code(text, control.index)})` : undefined;
}

/** Why a text cannot be a name: it would break a line of a table or change its direction. Undefined if it can. */
export function unfitForName(text: string): string | undefined {
  const found = NOT_IN_NAMES.exec(text);
  return found ? `a name is one line of plain text; this one has ${code(text, found.index)}` : undefined;
}

/** Makes the name of an experiment from a file's name: every such character becomes `_`. */
export const nameFrom = (text: string): string =>
  [HALF_PAIR, CONTROL, NOT_IN_NAMES].reduce((name, odd) => name.replace(new RegExp(odd, "g"), "_"), text);

const code = (text: string, at: number) => `U+${text.charCodeAt(at).toString(16).toUpperCase().padStart(4, "0")}`;
