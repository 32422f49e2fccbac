import { visible } from "../views/parts/visible.js";
import { asciiOf } from "./ascii.js";
import type { Line, Span } from "./line.js";
import type { Look } from "./pane.js";
import { sgrOf } from "./styles.js";

/** A line as text for the terminal: each piece with its colours and the reset after it. */
export const ansiOf = (line: Line, look: Look): string => line.map((span) => styled(span, look)).join("");

function styled(span: Span, look: Look): string {
  if (span.text === "") return "";
  const safe = visible(span.text).replaceAll(/[\t\n]/g, " ");
  const text = look.ascii ? asciiOf(safe) : safe;
  const codes = sgrOf(span, look);
  return codes === "" ? text : `\u001b[${codes}m${text}\u001b[0m`;
}
