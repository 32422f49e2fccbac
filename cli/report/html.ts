import { visible } from "../views/parts/visible.js";

/** Markup of this program. Texts from data become markup only through `html`, which escapes them. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | readonly (Html | string)[];

/** A template of HTML: whatever is inserted is text, unless it is Html itself. */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(literals.map((literal, at) => literal + (at < parts.length ? markup(parts[at] ?? "") : "")).join(""));
}

export const NOTHING = new Html("");

function markup(part: Part): string {
  if (part instanceof Html) return part.text;
  if (Array.isArray(part)) return part.map(markup).join("");
  return escaped(String(part));
}

const MARKS: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

const escaped = (text: string): string => visible(text).replace(/[&<>"']/g, (mark) => MARKS[mark] ?? mark);
