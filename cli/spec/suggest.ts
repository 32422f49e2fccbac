import { distance } from "fastest-levenshtein";

/** The known name that is nearest to `name`, if one is near enough. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase().replaceAll("-", "_");
  let best: string | undefined;
  // Two swapped letters are a distance of two.
  let bestDistance = Math.max(name.length < 4 ? 1 : 2, Math.floor(name.length * 0.4)) + 1;
  for (const candidate of known) {
    const d = distance(wanted, candidate.toLowerCase().replaceAll("-", "_"));
    if (d < bestDistance) [best, bestDistance] = [candidate, d];
  }
  return best;
}

/** `did you mean "x"?`, or a list of known names if none is near. */
export function suggestion(name: string, known: readonly string[]): string | undefined {
  const best = nearest(name, known);
  if (best !== undefined) return `did you mean \`${best}\`?`;
  if (known.length === 0) return undefined;
  const shown = known.slice(0, 25);
  return `known here: ${shown.join(", ")}${known.length > shown.length ? ", ..." : ""}`;
}
