/**
 * Which numbers a worker computes from equal settings, rows and weights: NUMERICS of python-worker, as a run's
 * fingerprint has it. Runs from before there was such a number count as 1.
 */
export function numericsOf(fingerprint: Readonly<Record<string, string>>): number {
  return Number(fingerprint.numerics ?? 1);
}

/** What to say where scores of these runs stand beside each other; null if their numbers mean the same. */
export function mixedNumerics(runs: readonly { numerics: number }[]): string | null {
  const different = [...new Set(runs.map(({ numerics }) => numerics))].sort((a, b) => a - b);
  if (different.length < 2) return null;
  const list = `${different.slice(0, -1).join(", ")} and ${different.at(-1)}`;
  return `these runs have numerics ${list}, and equal settings give other numbers in each: do not compare their scores`;
}
