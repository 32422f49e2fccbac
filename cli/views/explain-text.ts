import stringWidth from "string-width";
import type { Explanation } from "../spec/explain.js";
import { type Fact, facts } from "./parts/facts.js";
import { prose } from "./parts/prose.js";
import { type TableColumn, tableLines } from "./parts/table.js";

const COLUMNS: readonly TableColumn[] = ["key", "default", "meaning"].map((title) => ({ key: title, title }));

/** `lor2c explain`: a line for each key, or a block where a line is wider than `width`; null is as wide as needed. */
export function allKeysText(all: readonly Explanation[], width: number | null): string {
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
  const cells = [...rows].map(([key, { value, meaning, methods }]) => {
    const of = several && methods.length > 0 && key.split(".").length === 2 ? ` (${methods.join(", ")})` : "";
    return [key, value, `${meaning}${of}`];
  });
  const table = tableLines(COLUMNS, cells, null);
  const fits = width === null || table.every((line) => stringWidth(line) <= width);
  return `${(fits ? table : cells.flatMap((row) => keyLines(row, width))).join("\n")}\n`;
}

const keyLines = ([key, value, meaning]: string[], width: number): string[] => [
  ...prose(`${key}  ${value}`, width, "    "),
  ...prose(`    ${meaning}`, width, ""),
];

/** `lor2c explain KEY`. Methods that agree on a parameter share a block. */
export function keyText(
  { own, below }: { own: readonly Explanation[]; below: readonly Explanation[] },
  width: number | null,
): string {
  const blocks = new Map<string, string[]>();
  for (const { method, key: _, ...of } of own) {
    const list: Fact[] = [
      ["meaning", of.meaning],
      ["unit", of.unit],
      ["default", of.default],
      ["allowed", of.allowed],
      ["source", of.source],
    ];
    const lines = facts(list, width === null ? null : width - 2).map((line) => `  ${line}`);
    const block = lines.join("\n");
    blocks.set(block, [...(blocks.get(block) ?? []), ...(method === null ? [] : [method])]);
  }
  const texts = [...blocks].map(([block, methods]) => {
    const of = methods.length === 0 ? "" : `  (method: ${methods.join(", ")})`;
    return `${prose(`${own[0]?.key}${of}`, width).join("\n")}\n${block}`;
  });
  if (below.length > 0) texts.push(allKeysText(below, width).trimEnd());
  return `${texts.join("\n\n")}\n`;
}
