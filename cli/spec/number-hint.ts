const GROUPED = /^[+-]?[1-9]\d{0,2}([ \u00a0\u202f'_,]\d{3})+$/;
const DECIMAL_COMMA = /^[+-]?\d+,\d+(e[+-]?\d+)?$/i;

/** How to write `text` as a number, for a key that allows one; undefined where nothing is certain. */
export function numberHint(text: string, { whole }: { whole: boolean }): string | undefined {
  if (text !== "" && text === text.trim() && Number.isFinite(Number(text))) {
    return `the quotes make it text: write ${text}`;
  }
  const grouped = GROUPED.test(text) ? text.replaceAll(/\D/g, (sign) => (/[+-]/.test(sign) ? sign : "")) : undefined;
  // 0,0004 is four ten-thousandths where a comma is the decimal sign. Without the comma it would be another number.
  const decimal = !whole && DECIMAL_COMMA.test(text) ? text.replace(",", ".") : undefined;
  if (grouped && decimal) return `write ${grouped}, or ${decimal} if the comma is a decimal sign`;
  if (grouped ?? decimal) return `write ${grouped ?? decimal}`;
  const plain = text.replaceAll("_", "");
  return plain !== text && plain !== "" && Number.isFinite(Number(plain)) ? `write ${plain}` : undefined;
}
