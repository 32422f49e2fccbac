/**
 * Which numbers a worker computes from equal settings, rows and weights: NUMERICS of python-worker, as a run's
 * fingerprint has it. Runs from before there was such a number count as 1.
 */
export function numericsOf(fingerprint: Readonly<Record<string, string>>): number {
  return Number(fingerprint.numerics ?? 1);
}
