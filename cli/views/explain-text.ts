import type { Explanation } from "../spec/explain.js";

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

/** `lor2c explain KEY`. Methods that agree on a parameter share a block. */
export function keyText({ own, below }: { own: readonly Explanation[]; below: readonly Explanation[] }): string {
  const blocks = new Map<string, string[]>();
  for (const { method, key: _, ...facts } of own) {
    const block = [
      `  meaning  ${facts.meaning}`,
      ...(facts.unit === null ? [] : [`  unit     ${facts.unit}`]),
      `  default  ${facts.default}`,
      `  allowed  ${facts.allowed}`,
      ...(facts.source === null ? [] : [`  source   ${facts.source}`]),
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
