/** What is wrong with a text that is not YAML, in words that fit the usual slips of a hand-written spec. */

export interface SyntaxProblem {
  /** Where, in the text. */
  at: number;
  message: string;
  hint?: string;
}

interface ParserError {
  code: string;
  message: string;
  pos: [number, number];
}

/** A key whose value follows without a space: YAML takes `seed:1` for one text. */
const GLUED = /^(?:- +)*(?:"[^"]*"|'[^']*'|[\w.$-]+):(?=\S)/;
const NO_COLON = /^(?:- +)*([\w.$-]+) +([^\s#][^#]*)/;
const SPACE_MISSING = "a space is missing after the colon";

/** The parser's words where they are clear; ours where its message speaks of its own inside. */
export function syntaxProblems({ code, message, pos }: ParserError, text: string): SyntaxProblem[] {
  const [at, end] = pos;
  const one = (message: string, hint?: string): SyntaxProblem[] => [{ at, message, hint }];
  const slips = code === "MULTILINE_IMPLICIT_KEY" || code === "MISSING_CHAR" ? slipsOf(text, at, end) : [];
  if (slips.length > 0) return slips;
  if (code === "BLOCK_AS_IMPLICIT_KEY") {
    return one(
      "a second key in this line; put text with ': ' in quotes",
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

/** Text where a mapping belongs: a key in it that lacks its space or colon. */
export const slipIn = (text: string): string | undefined => slipOf(text.trim())?.message;

/** A key of `{...}` that has swallowed its value. */
export function gluedKey(key: string): SyntaxProblem | undefined {
  const glued = GLUED.exec(key);
  return glued ? { at: glued[0].length, message: SPACE_MISSING } : undefined;
}
