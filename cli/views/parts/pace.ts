/**
 * How long something that blocks the thread which feeds the workers is to wait before it is done again, so that it takes
 * only `share` of a core: the more it takes, the less often. Milliseconds, from `least` to `most`. By CPU time: on a busy
 * machine everything takes long.
 */
export function paced(share: number, { least, most }: { least: number; most: number }, work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return Math.min(most, Math.max(least, (user + system) / 1000 / share));
}
