/** Lines of a spec that lack the space or the colon after a key. */

export interface SyntaxProblem {
  /** Offset in the text. */
  at: number;
  message: string;
  hint?: string | undefined;
}

/** A key with no space before its value: YAML reads `seed:1` as one text. */
export const GLUED = /^(?:- +)*(?:"[^"]*"|'[^']*'|[\w.$-]+):(?=\S)/;
export const SPACE_MISSING = "a space is missing after the colon";
export const COLON_MISSING = "no colon after a key";
const NO_COLON = /^(?:- +)*([\w.$-]+)(?:\s*=\s*|\s+)([^\s#].*)$/;
const KEY_ALONE = /^(?!-$)([\w.$-]+)$/;
const WIDE_COLON = /^(?:- +)*[\w.$-]+\s*([：﹕∶ː])/;

/** Lines between two offsets that lack the space or the colon after a key. */
export function slipsOf(text: string, from: number, to: number): SyntaxProblem[] {
  const found: SyntaxProblem[] = [];
  for (let at = from; at < Math.max(to, from + 1) && at < text.length; ) {
    const next = text.indexOf("\n", at);
    const eol = next < 0 ? text.length : next;
    const raw = text.slice(at, eol);
    const indent = raw.length - raw.trimStart().length;
    // What follows a key on its line is a value, which is no key without a colon.
    const begins = /^[\s-]*$/.test(text.slice(text.lastIndexOf("\n", at - 1) + 1, at));
    const problem = begins ? slipOf(raw.trim()) : undefined;
    if (problem) found.push({ ...problem, at: at + indent + problem.at });
    at = eol + 1;
  }
  return found;
}

/** The slip in one line without blanks around it. */
export function slipOf(line: string): SyntaxProblem | undefined {
  const glued = GLUED.exec(line);
  if (glued) return { at: glued[0].length, message: SPACE_MISSING };
  const wide = WIDE_COLON.exec(line);
  if (wide) {
    const code = wide[1]?.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    return {
      at: wide[0].length - 1,
      message: `there is a colon that YAML does not know (U+${code})`,
      hint: "write : and a space",
    };
  }
  const bare = line.replace(/(^|\s)#.*$/, "").trimEnd();
  if (/:(\s|$)/.test(bare)) return undefined;
  const [, key, value] = NO_COLON.exec(bare) ?? KEY_ALONE.exec(bare) ?? [];
  if (key === undefined || key === "-") return undefined;
  return {
    at: 0,
    message: COLON_MISSING,
    hint: `write ${key}:${value === undefined ? "" : ` ${value.trim()}`}`,
  };
}
