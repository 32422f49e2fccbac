/**
 * When the last slot becomes free, if all waiting items start, in order, as soon as a slot is free.
 * `busy`: how long each slot is still taken; zero for free ones.
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
