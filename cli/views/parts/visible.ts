/**
 * What a terminal or an SVG must not get from data: it moves cursors, clears screens, sets titles, turns the direction of
 * writing, or makes XML invalid. Controls but tab and line feed, marks of direction, separators of lines, halves of pairs.
 */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Text from data with every such character written out, as in JSON: `\u001b`. Lines stay lines. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The same on one line: a line break in a label or a message must not break a table. */
export function oneLine(text: string): string {
  return visible(text.replace(/[\t\n\r\v\f ]+/g, " ").trim());
}

/** JSON that is safe on a terminal. It says the same: what is written out is an escape within a string. */
export const jsonText = (value: unknown, indent?: number): string => visible(JSON.stringify(value, null, indent));
