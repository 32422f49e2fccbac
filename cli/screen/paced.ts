/**
 * Does work that blocks the thread which feeds the workers. `wait`: the milliseconds until the next time, from `least` to
 * `most`, so that it uses only `share` of a core. Measures CPU time, because everything takes long on a busy machine.
 */
export function paced<T>(
  share: number,
  { least, most }: { least: number; most: number },
  work: () => T,
): { result: T; wait: number } {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return { result, wait: Math.min(most, Math.max(least, (user + system) / 1000 / share)) };
}
