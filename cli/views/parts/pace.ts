/**
 * Runs work that blocks the thread which feeds the workers. Returns the milliseconds to wait before the next time, from
 * `least` to `most`, so that it uses only `share` of a core. Measures CPU time, because everything takes long on a busy
 * machine.
 */
export function paced(share: number, { least, most }: { least: number; most: number }, work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return Math.min(most, Math.max(least, (user + system) / 1000 / share));
}
