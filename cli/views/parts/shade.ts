const SHADES = "░▒▓█";

/** One of four shades for `value` between `low` and `high`; the darkest if both are equal. */
export function shade(value: number, low: number, high: number): string {
  const part = high > low ? (value - low) / (high - low) : 1;
  return SHADES[Math.min(SHADES.length - 1, Math.max(0, Math.floor(part * SHADES.length)))] ?? "░";
}
