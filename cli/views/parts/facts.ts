import stringWidth from "string-width";
import { prose } from "./prose.js";
import { oneLine, visible } from "./visible.js";

/** `whole`: a value that is not broken at blanks, such as a path. */
export type Fact = [name: string, value: string | null, whole?: "whole"];

/** The fewest columns for values beside their names. */
const ROOM = 20;

/**
 * Lines of `name  value` with aligned values, also of several lines. Leaves out facts without a value. Where there is a
 * `width`, values are broken at blanks. Never truncates, because people copy paths and messages from here.
 */
export function facts(list: readonly Fact[], width: number | null = null): string[] {
  const known = list.flatMap(([name, value, whole]) =>
    value === null || value === "" ? [] : [[oneLine(name), visible(value), whole] as const],
  );
  const indent = 2 + Math.max(0, ...known.map(([name]) => stringWidth(name)));
  if (width !== null && width - indent < ROOM) return known.flatMap((fact) => below(fact, width));
  return known.flatMap(([name, value, whole]) => {
    const lines = prose(value, width === null || whole ? null : width - indent, "");
    return lines.map((line, at) => {
      const start = at === 0 ? name : "";
      return start + " ".repeat(indent - stringWidth(start)) + line;
    });
  });
}

const below = ([name, value, whole]: readonly [string, string, Fact[2]], width: number): string[] => [
  ...prose(name, width),
  ...prose(value, whole ? null : width - 2, "").map((line) => `  ${line}`),
];
