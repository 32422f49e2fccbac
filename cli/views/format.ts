/** Numbers as people read them; the same in every view. `-` stands for "not known". */

const DASH = "-";

export function formatScore(value: number | null): string {
  return value === null ? DASH : value.toFixed(4);
}

export function formatCount(value: number | null): string {
  return value === null ? DASH : Math.round(value).toLocaleString("en-US");
}

/** `4.2 s`, `1 min 43 s`, `2 h 05 min`. */
export function formatSeconds(value: number | null): string {
  if (value === null) return DASH;
  if (value < 59.95) return `${value.toFixed(1)} s`;
  const seconds = Math.round(value);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`;
  const minutes = Math.round(value / 60);
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** Few digits where they carry the meaning: losses, gradient norms. */
export function formatValue(value: number | null): string {
  if (value === null) return DASH;
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e5 ? String(Number(value.toPrecision(4))) : value.toExponential(2);
}

/** The part of a run's id that people type: long enough to be unique for thousands of runs. */
export const shortId = (id: string): string => id.slice(0, 8);

export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
