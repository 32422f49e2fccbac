import { distance } from "fastest-levenshtein";

/** The known name that `name` was most likely meant to be, if any is near enough to be worth a guess. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase().replaceAll("-", "_");
  let best: string | undefined;
  // Two letters swapped are a distance of two.
  let bestDistance = Math.max(name.length < 4 ? 1 : 2, Math.floor(name.length * 0.4)) + 1;
  for (const candidate of known) {
    const d = distance(wanted, candidate.toLowerCase().replaceAll("-", "_"));
    if (d < bestDistance) [best, bestDistance] = [candidate, d];
  }
  return best;
}

/** `did you mean "x"?`, or what there is when nothing is near. */
export function suggestion(name: string, known: readonly string[]): string | undefined {
  const best = nearest(name, known);
  if (best !== undefined) return `did you mean \`${best}\`?`;
  if (known.length === 0) return undefined;
  const shown = known.slice(0, 25);
  return `known here: ${shown.join(", ")}${known.length > shown.length ? ", ..." : ""}`;
}
