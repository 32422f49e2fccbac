import type { Explanation } from "../spec/explain.js";
import { wrap } from "./parts/wrap.js";

/** `lor2c explain`: one line per key. */
export function allKeysText(all: readonly Explanation[]): string {
  const rows = new Map<string, { value: string; meaning: string; methods: string[] }>();
  for (const { key, default: value, meaning, method } of all) {
    const before = rows.get(key);
    if (!before) rows.set(key, { value, meaning, methods: [method ?? []].flat() });
    else if (method !== null) {
      before.methods.push(method);
      if (before.value !== value) before.value = "by method";
    }
  }
  // The method is shown only where there are several.
  const several = new Set([...rows.values()].flatMap(({ methods }) => methods)).size > 1;
  const width = Math.max(...[...rows.keys()].map((key) => key.length));
  const valueWidth = Math.max("default".length, ...[...rows.values()].map(({ value }) => Math.min(value.length, 32)));
  const lines = [...rows].map(([key, { value, meaning, methods }]) => {
    const of = several && methods.length > 0 && key.split(".").length === 2 ? ` (${methods.join(", ")})` : "";
    return `${key.padEnd(width)}  ${value.padEnd(valueWidth)}  ${meaning}${of}`.trimEnd();
  });
  return `${"key".padEnd(width)}  ${"default".padEnd(valueWidth)}  meaning\n${lines.join("\n")}\n`;
}

/** One fact of a key, on as many lines of at most `width` columns as it takes; null is one line. */
function fact(name: string, text: string, width: number | null): string {
  const lines = wrap(text.split(" "), " ", width === null ? null : Math.max(20, width - 11));
  return lines.map((line, i) => `  ${(i === 0 ? name : "").padEnd(9)}${line}`).join("\n");
}

/** `lor2c explain KEY`. Methods that agree on a parameter share a block. */
export function keyText(
  { own, below }: { own: readonly Explanation[]; below: readonly Explanation[] },
  width: number | null = null,
): string {
  const blocks = new Map<string, string[]>();
  for (const { method, key: _, ...facts } of own) {
    const block = [
      fact("meaning", facts.meaning, width),
      ...(facts.unit === null ? [] : [fact("unit", facts.unit, width)]),
      fact("default", facts.default, width),
      fact("allowed", facts.allowed, width),
      ...(facts.source === null ? [] : [fact("source", facts.source, width)]),
    ].join("\n");
    blocks.set(block, [...(blocks.get(block) ?? []), ...(method === null ? [] : [method])]);
  }
  const texts = [...blocks].map(([block, methods]) => {
    const of = methods.length === 0 ? "" : `  (method: ${methods.join(", ")})`;
    return `${own[0]?.key}${of}\n${block}`;
  });
  if (below.length > 0) texts.push(allKeysText(below).trimEnd());
  return `${texts.join("\n\n")}\n`;
}
