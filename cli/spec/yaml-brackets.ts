/** Which bracket of a text is not closed, closes nothing, or is closed by another kind. */
import type { SyntaxProblem } from "./yaml-slips.js";

const CLOSES: Record<string, string> = { "[": "]", "{": "}" };
const KIND: Record<string, string> = { "[": "list", "{": "mapping" };

/** The first such bracket; else, for an error inside of brackets at `error`, what is missing there. */
export function bracketProblem(text: string, error: number): SyntaxProblem | undefined {
  const open: { sign: string; at: number }[] = [];
  let inside: string | undefined;
  for (let at = 0; at < text.length; at++) {
    if (at === error) inside = open.at(-1)?.sign;
    const sign = text[at] ?? "";
    const first = /(^|[\n:\-,[{]\s*)$/.test(text.slice(Math.max(0, at - 200), at));
    if (sign === "#" && /^$|\s/.test(text[at - 1] ?? "")) at = endOfLine(text, at) - 1;
    else if ((sign === '"' || sign === "'") && first) at = endOfQuote(text, at);
    else if (sign in CLOSES && (open.length > 0 || first)) open.push({ sign, at });
    else if (sign === "]" || sign === "}") {
      const last = open.pop();
      if (last === undefined && at === error)
        return { at, message: `the bracket ${sign} closes nothing`, hint: "leave it out" };
      if (last && CLOSES[last.sign] !== sign) {
        const hint = `end the ${KIND[last.sign]} with ${CLOSES[last.sign]}`;
        return { at, message: `the bracket ${sign} does not close the ${last.sign} before it`, hint };
      }
    }
  }
  const last = open.at(-1);
  if (last) {
    const hint = `end the ${KIND[last.sign]} with ${CLOSES[last.sign]}`;
    return { at: last.at, message: `the bracket ${last.sign} that opens here is not closed`, hint };
  }
  if (inside === undefined) return undefined;
  return { at: error, message: "a comma is missing here, or quotes around a text with ': '" };
}

function endOfLine(text: string, at: number): number {
  const next = text.indexOf("\n", at);
  return next < 0 ? text.length : next;
}

/** The offset of the quote that closes the one at `at`; the end of the text if none does. */
function endOfQuote(text: string, at: number): number {
  const quote = text[at];
  for (let end = at + 1; end < text.length; end++) {
    if (quote === '"' && text[end] === "\\") end++;
    else if (text[end] === quote) return end;
  }
  return text.length;
}
