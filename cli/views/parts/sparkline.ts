const LEVELS = "▁▂▃▄▅▆▇█";
/** Shown for a value that was not a finite number. */
const BROKEN = "×";

/**
 * Values over time in at most `width` columns. Each column is the mean of its part, between the lowest and the highest
 * shown.
 */
export function sparkline(values: readonly (number | null)[], width: number): string {
  const shares = share(values, width);
  const finite = shares.filter((value) => value !== null);
  const low = Math.min(...finite);
  const span = Math.max(...finite) - low;
  return shares
    .map((value) => {
      if (value === null) return BROKEN;
      // Equal values are a flat line at the bottom; noise is not scaled to full height.
      const level = span > 0 ? Math.round(((value - low) / span) * (LEVELS.length - 1)) : 0;
      return LEVELS[level];
    })
    .join("");
}

/** Null if a value is not finite, because a mean must not hide a divergence. */
function share(values: readonly (number | null)[], width: number): (number | null)[] {
  const count = Math.min(values.length, Math.max(0, width));
  return Array.from({ length: count }, (_, i) => {
    const part = values.slice(Math.floor((i * values.length) / count), Math.floor(((i + 1) * values.length) / count));
    if (part.some((value) => value === null || !Number.isFinite(value))) return null;
    return part.reduce<number>((sum, value) => sum + (value ?? 0), 0) / part.length;
  });
}
