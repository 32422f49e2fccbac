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
  // Signs of a heatmap that LaTeX's own fonts do not have.
  "▸": "$\\triangleright$",
  "■": "\\rule{1ex}{1ex}",
  "<": "$<$",
  ">": "$>$",
  // After the end of a line, LaTeX would take these for an option of it.
  "[": "{[}",
  "*": "{*}",
};

/** Escapes text for LaTeX without packages. */
export function latexText(text: string): string {
  return text.replace(/-(?=-)|[\\~^`|≤±▸■<>[*]|[&%$#_{}]/g, (mark) => SPECIAL[mark] ?? `\\${mark}`);
}
