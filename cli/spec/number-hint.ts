/** A group of digits that a sign divides by thousands, with an optional decimal part. */
const GROUPED = /^([+-]?[1-9]\d{0,2})((?:([ \u00a0\u2007\u202f\u2009'_,.])\d{3})(?:\3\d{3})*)(?:([.,])(\d+))?$/;
const DECIMAL_COMMA = /^[+-]?\d*,\d+(e[+-]?\d+)?$/i;
const LIST = /^-?\d+(,\s*-?\d+)+$/;
/** Signs that look like a minus. */
const MINUS = /[\u2010-\u2015\u2212\ufe63\uff0d]/g;

/** How to write `text` as a number, for a key that allows one; undefined where nothing is certain. */
export function numberHint(text: string, { whole }: { whole: boolean }): string | undefined {
  // 1.000 would be read as 1, which may be a thousandth of what is meant.
  if (isNumber(text)) return whole && /[.e]/i.test(text) ? undefined : `the quotes make it text: write ${text}`;
  const grouped = groupedNumber(text, whole);
  // 0,0004 is four ten-thousandths where a comma is the decimal sign. Without the comma it would be another number.
  const decimal = !whole && DECIMAL_COMMA.test(text) ? text.replace(",", ".") : undefined;
  if (grouped && decimal) return `write ${grouped}, or ${decimal} if the comma is a decimal sign`;
  if (grouped ?? decimal) return `write ${grouped ?? decimal}`;
  const minus = text.replaceAll(MINUS, "-");
  if (minus !== text && isNumber(minus)) return `write ${minus}, with the plain minus sign`;
  const [, before, sign] = /^(\S+?)\s*([;,\]})#].*)$/.exec(text) ?? [];
  if (before === undefined || sign === undefined || !isNumber(before)) return undefined;
  if (sign.startsWith("#")) return `a comment begins with a space: write ${before} ${sign}`;
  return /^[;,\]})]+$/.test(sign) ? `write ${before}` : undefined;
}

/**
 * A number with a comma between braces, `{rate: 0,0004}`, which YAML reads as the value 0 and the key 0004. `key`: where
 * the key begins in `text`.
 */
export function commaNumber(text: string, key: number): { at: number; message: string; hint: string } | undefined {
  const [before] = /[+-]?\d[\d.]*,$/.exec(text.slice(Math.max(0, key - 40), key)) ?? [];
  const [after] = /^\d+(e[+-]?\d+)?(?=\s*[,}])/i.exec(text.slice(key, key + 40)) ?? [];
  if (before === undefined || after === undefined) return undefined;
  const written = `${before}${after}`;
  const hint = numberHint(written, { whole: false }) ?? `write ${written.replaceAll(".", "").replace(",", ".")}`;
  return { at: key - before.length, message: `the comma of ${written} ends the value`, hint };
}

/** The numbers of `1,2`: several whole numbers where a key takes one. */
export function listedNumbers(text: string): string[] | undefined {
  // 1,000 is more likely to be one number.
  return LIST.test(text) && groupedNumber(text, true) === undefined ? text.split(/,\s*/) : undefined;
}

const isNumber = (text: string) => text !== "" && !/\s/.test(text) && Number.isFinite(Number(text));

/** A number without the signs between its groups of three digits. */
function groupedNumber(text: string, whole: boolean): string | undefined {
  const [, first, groups = "", sign, mark, decimals] = GROUPED.exec(text) ?? [];
  if (first === undefined || mark === sign || (whole && mark !== undefined)) return undefined;
  return `${first}${groups.replaceAll(/\D/g, "")}${decimals === undefined ? "" : `.${decimals}`}`;
}
