/**
 * Breaks a text at blanks into lines of at most `width` columns; null is as wide as needed. Lines after the first begin
 * with `indent`, besides the blanks that the first one begins with. Line breaks stay. A word that is longer than a line,
 * such as a path, stays whole, so that people can copy it. `measure` counts the columns of a text.
 */
export function breakLines(
  text: string,
  width: number | null,
  indent: string,
  measure: (text: string) => number,
): string[] {
  return text.split("\n").flatMap((line) => (width === null ? [line] : broken(line, width, indent, measure)));
}

function broken(line: string, width: number, indent: string, measure: (text: string) => number): string[] {
  const lead = /^ */.exec(line)?.[0] ?? "";
  const lines: string[] = [];
  let current = "";
  for (const word of line.slice(lead.length).split(" ")) {
    const start = lines.length === 0 ? lead : lead + indent;
    const joined = current === "" ? start + word : `${current} ${word}`;
    if (current === "" || measure(joined) <= width) current = joined;
    else {
      lines.push(current.trimEnd());
      current = lead + indent + word;
    }
  }
  return [...lines, current];
}
