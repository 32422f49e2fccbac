const SPECIAL: Record<string, string> = {
  "\\": "\\textbackslash{}",
  // Two would become one dash.
  "-": "-{}",
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

/** Escapes text for LaTeX without packages. */
export function latexText(text: string): string {
  return text.replace(/-(?=-)|[\\~^`|≤±<>[*]|[&%$#_{}]/g, (mark) => SPECIAL[mark] ?? `\\${mark}`);
}
