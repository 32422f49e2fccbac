/**
 * A number without the decimals that its standard error leaves open: half of the last digit that stays is at least the
 * error. Null is exact. Texts that are no plain decimals stay as they are.
 */
export function supported(text: string, error: number | null): string {
  if (error === null || !/^-?\d+\.\d+$/.test(text)) return text;
  let decimals = text.length - text.indexOf(".") - 1;
  while (decimals > 0 && 10 ** -decimals / 2 < error) decimals--;
  return Number(text).toFixed(decimals);
}
