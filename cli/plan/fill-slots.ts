/**
 * When the last of the slots is free, if whatever waits begins, in its order, wherever a slot is free first.
 * `busy`: how long each slot is taken already, zero for free ones.
 */
export function fillSlots(waiting: readonly number[], busy: readonly number[]): number {
  const free = [...busy];
  for (const length of waiting) {
    const next = free.indexOf(Math.min(...free));
    free[next] = (free[next] ?? 0) + length;
  }
  return Math.max(0, ...free);
}

export const idle = (slots: number): number[] => Array.from({ length: slots }, () => 0);
