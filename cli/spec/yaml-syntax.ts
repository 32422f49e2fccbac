/** Messages for text that is not YAML, for the usual mistakes in a hand-written spec. */

export interface SyntaxProblem {
  /** Offset in the text. */
  at: number;
  message: string;
  hint?: string;
}

interface ParserError {
  code: string;
  message: string;
  pos: [number, number];
}

/** A key with no space before its value: YAML reads `seed:1` as one text. */
const GLUED = /^(?:- +)*(?:"[^"]*"|'[^']*'|[\w.$-]+):(?=\S)/;
const NO_COLON = /^(?:- +)*([\w.$-]+) +([^\s#][^#]*)/;
const SPACE_MISSING = "a space is missing after the colon";

/** The parser's message if it is clear; our own if it is about the parser's internals. */
export function syntaxProblems({ code, message, pos }: ParserError, text: string): SyntaxProblem[] {
  const [at, end] = pos;
  const one = (message: string, hint?: string): SyntaxProblem[] => [{ at, message, hint }];
  const slips = code === "MULTILINE_IMPLICIT_KEY" || code === "MISSING_CHAR" ? slipsOf(text, at, end) : [];
  if (slips.length > 0) return slips;
  if (code === "BLOCK_AS_IMPLICIT_KEY") {
    return one(
      "a second key on this line; put text with ': ' in quotes",
      "a mapping on one line has braces: {key: value}",
    );
  }
  if (code === "MULTIPLE_DOCS") return one("a second document starts here", "one file holds one spec");
  if (code === "TAG_RESOLVE_FAILED") {
    return one(`${message.replace("Unresolved", "unknown")}; only plain YAML values are allowed`);
  }
  if (code === "TAB_AS_INDENT") return one("YAML is indented with spaces, not with tabs");
  return one(`not YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`);
}

/** Lines between two offsets that lack the space or the colon after a key. */
function slipsOf(text: string, from: number, to: number): SyntaxProblem[] {
  const found: SyntaxProblem[] = [];
  for (let at = from; at < Math.max(to, from + 1) && at < text.length; ) {
    const next = text.indexOf("\n", at);
    const eol = next < 0 ? text.length : next;
    const raw = text.slice(at, eol);
    const indent = raw.length - raw.trimStart().length;
    const problem = slipOf(raw.trimStart().trimEnd());
    if (problem) found.push({ ...problem, at: at + indent + problem.at });
    at = eol + 1;
  }
  return found;
}

function slipOf(line: string): SyntaxProblem | undefined {
  const glued = GLUED.exec(line);
  if (glued) return { at: glued[0].length, message: SPACE_MISSING };
  const [, key, value] = (!/:(\s|$)/.test(line) && NO_COLON.exec(line)) || [];
  return key === undefined || key === "-"
    ? undefined
    : { at: 0, message: "no colon after a key", hint: `write ${key}: ${value?.trim()}` };
}

/** For text instead of a mapping: finds a key that lacks its space or colon. */
export const slipIn = (text: string): string | undefined => slipOf(text.trim())?.message;

/** A key of `{...}` that includes its value, because the space is missing. */
export function gluedKey(key: string): SyntaxProblem | undefined {
  const glued = GLUED.exec(key);
  return glued ? { at: glued[0].length, message: SPACE_MISSING } : undefined;
}
