/**
 * Characters from data that a terminal or an SVG must not get, because they move cursors, clear screens, set titles,
 * turn the direction of writing, or make XML invalid: control characters except tab and line feed, direction marks,
 * line separators, lone surrogates.
 */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this pattern is to match them
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Text from data with every such character escaped as in JSON: `\u001b`. Line feeds stay. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The same on one line, because a line break in a label or a message would break a table. */
export function oneLine(text: string): string {
  return visible(text.replace(/[\t\n\r\v\f ]+/g, " ").trim());
}

/** JSON that is safe on a terminal. It parses to the same value, because escapes are only within strings. */
export const jsonText = (value: unknown, indent?: number): string => visible(JSON.stringify(value, null, indent));
