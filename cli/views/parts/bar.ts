const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A progress bar of `width` columns, precise to an eighth of a column. `fraction` is clamped to 0..1. */
export function bar(fraction: number, width: number): string {
  const part = Number.isFinite(fraction) ? Math.min(1, Math.max(0, fraction)) : 0;
  const eighths = Math.floor(part * width * 8);
  const full = "█".repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? "");
  return full + "░".repeat(Math.max(0, width - full.length));
}
