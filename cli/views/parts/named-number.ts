import stringWidth from "string-width";
import { clip } from "./fit.js";
import { prose } from "./prose.js";

/** Of a name, which is cut before its number is. */
const LEAST_NAME = 24;

/**
 * `  1  a name: last 0.81` in lines of at most `width` columns. A cut number would be another number, so the name gets
 * shorter, or the number stands on the next line.
 */
export function namedNumber(mark: string, name: string, number: string, width: number): string[] {
  const room = width - stringWidth(`${mark}: ${number}`);
  if (room >= Math.min(LEAST_NAME, stringWidth(name))) return [`${mark}${clip(name, room)}: ${number}`];
  return [clip(`${mark}${name}:`, width), ...prose(`${" ".repeat(mark.length)}${number}`, width, "")];
}
