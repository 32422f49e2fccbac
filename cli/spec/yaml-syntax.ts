/** Messages for text that is not YAML, for the usual mistakes in a hand-written spec. */
import { bracketProblem } from "./yaml-brackets.js";
import { GLUED, SPACE_MISSING, type SyntaxProblem, slipOf, slipsOf } from "./yaml-slips.js";

interface ParserError {
  code: string;
  message: string;
  pos: [number, number];
}

/** A problem, or a message of the parser about its own internals, which is shown only where nothing else is. */
interface Found extends SyntaxProblem {
  riddle?: true;
}

const TWO_KEYS: Omit<SyntaxProblem, "at"> = {
  message: "a second key on this line; put text with ': ' in quotes",
  hint: "a mapping on one line has braces: {key: value}",
};
const TABS = "YAML is indented with spaces, not with tabs";
/** What some characters at the start of a value mean in YAML. */
const MEANS: Record<string, string> = {
  "*": "an alias",
  "&": "an anchor",
  "!": "a tag",
  "|": "a block",
  ">": "a block",
};

/** What is wrong with the text; the parser's messages only where none of ours is known. */
export function syntaxProblems(errors: readonly ParserError[], text: string): SyntaxProblem[] {
  const all = errors.flatMap((error) => problemsOf(error, text));
  const clear = all.filter(({ riddle }) => !riddle);
  const shown = clear.length > 0 ? clear : all;
  const places = new Set<string>();
  return shown.filter(({ at, message }) => {
    const place = `${at} ${message}`;
    return !places.has(place) && places.add(place);
  });
}

function problemsOf({ code, message, pos }: ParserError, text: string): Found[] {
  const [at, end] = pos;
  const one = (message: string, hint?: string, place = at): Found[] => [{ at: place, message, hint }];
  const line = lineAt(text, at);
  if (code === "TAB_AS_INDENT" && line.before.trim() === "") return one(TABS);
  if (code === "TAB_AS_INDENT") return [{ at, message: "there is a tab; write a space", riddle: true }];
  const cr = /\r(?!\n)/.exec(text);
  if (cr && !text.includes("\n")) {
    return one(
      "lines end with a lone carriage return (U+000D)",
      "save the file with line ends of Unix or Windows",
      cr.index,
    );
  }
  if (code === "MULTILINE_IMPLICIT_KEY" || code === "MISSING_CHAR") {
    const slips = slipsOf(text, at, end);
    if (slips.length > 0) return slips;
  }
  if (code === "MISSING_CHAR" && message.startsWith("Missing closing")) {
    const quote = message.includes('"') ? '"' : "'";
    const opening = Math.max(0, text.lastIndexOf(quote, at - 1));
    return one(`the quote ${quote} that opens here is not closed`, `end the text with ${quote}`, opening);
  }
  if (message.startsWith("Missing directives-end")) return [{ at, message: "not YAML", riddle: true }];
  if (code === "BAD_DIRECTIVE") return one("a line cannot begin with %", "write # for a comment");
  const bracket = /flow|block collections/i.test(message) ? bracketProblem(text, at) : undefined;
  if (bracket) return [bracket];
  if (code === "BLOCK_AS_IMPLICIT_KEY" || code === "MULTILINE_IMPLICIT_KEY" || code === "BAD_INDENT") {
    return [indentProblem(text, at, code, end) ?? { at, message: notYaml(message), riddle: true }];
  }
  const value = line.after.replace(/\s+#.*$/, "").trim();
  const quoted = value.includes('"') ? `'${value}'` : `"${value}"`;
  if (code === "BAD_SCALAR_START") return one(`a value cannot begin with ${text[at]}`, `put it in quotes: ${quoted}`);
  if (message.startsWith("Block scalar header")) {
    const sign = text[at - 1] ?? "|";
    return one(`a value that begins with ${sign} is a block of lines`, `put it in quotes: "${sign}${value}"`, at - 1);
  }
  if (message === "Unexpected scalar at node end") {
    return one("there is text after the closing quote", "put the whole value in one pair of quotes, or in none");
  }
  if (message.startsWith("Unexpected block-seq-ind")) {
    return one("a list cannot begin on the line of its key", `write [${value.replace(/^- */, "")}]`);
  }
  if (code === "BAD_DQ_ESCAPE") {
    return one(
      `${text.slice(at, at + 2)} is not an escape; in double quotes a backslash begins one`,
      "put the text in single quotes, or write each backslash twice",
    );
  }
  if (code === "MULTIPLE_DOCS") return one("a second document starts here", "one file holds one spec");
  if (code === "TAG_RESOLVE_FAILED") {
    return one(`${message.replace("Unresolved", "unknown")}; only plain YAML values are allowed`);
  }
  return [{ at, message: notYaml(message), riddle: true }];
}

const notYaml = (message: string) => `not YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;

/** For an alias without anchor: the value may be meant as text. */
export const quoteHint = (value: string) =>
  `${MEANS[value.charAt(0)] ?? "a mark"}; for text, put it in quotes: "${value}"`;

/** Lines that begin at a wrong column, with a list's dash among keys, or with a tab; two keys on a line. */
function indentProblem(text: string, at: number, code: string, end: number): SyntaxProblem | undefined {
  const here = lineAt(text, at);
  const twoKeys = here.before.trim() !== "" && /:\s/.test(`${here.after}\n`);
  if (twoKeys && code === "BLOCK_AS_IMPLICIT_KEY") {
    const curly = /^[“”„‘’«»]/.exec(here.after)?.[0];
    if (curly) return { at, message: `${curly} is not a quote in YAML`, hint: "write \" or '" };
    if (!/^\S+:?$/.test(here.after) || here.after.includes(": ")) return { at, ...TWO_KEYS };
  }
  // The line that does not fit is the one of the error, or, after a value, the next one.
  const start = here.before.trim() === "" ? here.start : text.indexOf("\n", at) + 1;
  if (start <= 0 || start >= text.length) return twoKeys ? { at, ...TWO_KEYS } : undefined;
  const odd = lineAt(text, start);
  const indent = /^[ \t]*/.exec(odd.after)?.[0] ?? "";
  const place = start + indent.length;
  if (indent.includes("\t")) return { at: start + indent.indexOf("\t"), message: TABS };
  const content = odd.after.slice(indent.length);
  const above = indentAbove(text, start);
  if (/^-(\s|$)/.test(content)) {
    return { at: place, message: "a list item among the keys of a mapping", hint: "leave out the `- `" };
  }
  if (code === "MULTILINE_IMPLICIT_KEY" && slipOf(content) === undefined && end <= at + 1) return undefined;
  if (above === undefined || above === indent.length) return undefined;
  return {
    at: place,
    message: `is indented by ${spaces(indent.length)}, the line above by ${above}`,
    hint: "the keys of one mapping begin at the same column",
  };
}

const spaces = (n: number) => (n === 1 ? "1 space" : `${n} spaces`);

/** The indentation of the nearest line above that holds something. */
function indentAbove(text: string, start: number): number | undefined {
  const lines = text.slice(0, start).split("\n");
  const above = lines.findLast((line) => line.trim() !== "" && !line.trimStart().startsWith("#"));
  return above === undefined ? undefined : above.length - above.trimStart().length;
}

/** The line around an offset: where it starts, and its parts before and from the offset. */
function lineAt(text: string, at: number): { start: number; before: string; after: string } {
  const start = text.lastIndexOf("\n", at - 1) + 1;
  const next = text.indexOf("\n", at);
  return {
    start,
    before: text.slice(start, at),
    after: text.slice(at, next < 0 ? text.length : next).replace(/\r$/, ""),
  };
}

/** For text instead of a mapping: finds a key that lacks its space or colon. */
export const slipIn = (text: string): string | undefined => slipOf(text.trim())?.message;

/** A key of `{...}` that includes its value, because the space is missing. */
export function gluedKey(key: string): SyntaxProblem | undefined {
  const glued = GLUED.exec(key);
  return glued ? { at: glued[0].length, message: SPACE_MISSING } : undefined;
}
