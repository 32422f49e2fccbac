import type { FilterText } from "./filter-text.js";

/** A part of a filter, and where it begins. */
export interface Token {
  kind: "word" | "text" | "sign" | "end";
  /** What was written; of a `text`, what stands between its quotes. */
  text: string;
  at: number;
  /** Of a `text` in double quotes, which can be a key as well as a value. */
  double?: boolean;
}

const SIGNS = /^(?:==|!=|<>|<=|>=|[=<>(),])/;
/** Keys, numbers and texts without quotes. The dash, the dots and the brackets are those of dates, keys and lists. */
const WORD = /^[^\s()=<>!,'"]+/;

/** Splits a filter. Throws UsageError for a quote without an end, or a character that begins nothing. */
export function tokens(source: FilterText): Token[] {
  const found: Token[] = [];
  const { text } = source;
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const blank = /^\s+/.exec(rest)?.[0];
    const quoted = /^(['"])((?:(?!\1)[\s\S]|\1\1)*)\1/.exec(rest);
    const plain = SIGNS.exec(rest)?.[0] ?? WORD.exec(rest)?.[0];
    if (blank !== undefined) at += blank.length;
    else if (quoted) {
      const [whole, quote = "", inner = ""] = quoted;
      found.push({ kind: "text", text: inner.replaceAll(quote + quote, quote), at, double: quote === '"' });
      at += whole.length;
    } else if (plain !== undefined) {
      found.push({ kind: SIGNS.test(plain) ? "sign" : "word", text: plain, at });
      at += plain.length;
    } else if (/^['"]/.test(rest)) {
      throw source.error(at, `this ${rest[0]} has no end`, "a quote within a text is written twice: 'it''s'");
    } else
      throw source.error(
        at,
        `${rest[0]} means nothing here`,
        "not equal is !=, and the opposite of a condition is not (...)",
      );
  }
  return [...found, { kind: "end", text: "", at: text.length }];
}
