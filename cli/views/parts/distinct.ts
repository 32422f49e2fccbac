/**
 * The text for each of these values: the short one, or the long one for values whose short texts are equal. Views keep
 * the values as keys, and call this for the texts to print.
 */
export function distinct<Value>(
  values: Iterable<Value>,
  short: (value: Value) => string,
  long: (value: Value) => string,
): Map<Value, string> {
  const all = [...new Set(values)];
  const counts = countsOf(all.map(short));
  const texts = all.map((value) => ((counts.get(short(value)) ?? 0) > 1 ? long(value) : short(value)));
  const used = new Map<string, number>();
  return new Map(
    all.map((value, i) => {
      const text = texts[i] ?? "";
      const before = used.get(text) ?? 0;
      used.set(text, before + 1);
      return [value, before === 0 ? text : `${text} (${before + 1})`];
    }),
  );
}

function countsOf(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}
