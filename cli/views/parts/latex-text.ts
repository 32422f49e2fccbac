const SPECIAL: Record<string, string> = {
  "\\": "\\textbackslash{}",
  "--": "-{}-",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "`": "\\textasciigrave{}",
  "|": "\\textbar{}",
  "≤": "$\\leq$",
  "±": "$\\pm$",
  "<": "$<$",
  ">": "$>$",
  // After the end of a line, LaTeX would take these for an option of it.
  "[": "{[}",
  "*": "{*}",
};

/** Escapes text for LaTeX without packages. Two hyphens would become one dash. */
export function latexText(text: string): string {
  return text.replace(/--|[\\~^`|≤±<>[*]|[&%$#_{}]/g, (mark) => SPECIAL[mark] ?? `\\${mark}`);
}
