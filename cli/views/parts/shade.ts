const SHADES = "░▒▓█";

/** Where `value` lies between `low` and `high`, as one of four shades; the darkest when all are equal. */
export function shade(value: number, low: number, high: number): string {
  const part = high > low ? (value - low) / (high - low) : 1;
  return SHADES[Math.min(SHADES.length - 1, Math.max(0, Math.floor(part * SHADES.length)))] ?? "░";
}
