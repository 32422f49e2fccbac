import stringWidth from "string-width";
import { oneLine, visible } from "./visible.js";

export type Fact = [name: string, value: string | null];

/**
 * Lines of `name  value` with aligned values, also of several lines. Leaves out facts without a value.
 * Never truncates, because people copy paths and messages from here.
 */
export function facts(list: readonly Fact[]): string[] {
  const known = list.flatMap(([name, value]) =>
    value === null || value === "" ? [] : [[oneLine(name), value] as const],
  );
  const width = Math.max(0, ...known.map(([name]) => stringWidth(name)));
  return known.map(([name, value]) => {
    const space = " ".repeat(width - stringWidth(name));
    return `${name}${space}  ${visible(value).replaceAll("\n", `\n${" ".repeat(width + 2)}`)}`;
  });
}
