import stringWidth from "string-width";
import { expect, test } from "vitest";
import { namesApart, sharedWords, shortNames, withoutWords } from "./names-apart.js";
import { tableLines } from "./table.js";

const grid = [0, 1, 2].flatMap((m) => [0, 1, 2].map((i) => `method=imlor2c merges=${m} injections=${i}`));

test("names in less room lose letters of their keys, never what differs", () => {
  expect(namesApart(grid.slice(0, 2), 30)).toEqual([
    "meth…=imlor2c merg…=0 injec…=0",
    "meth…=imlor2c merg…=0 injec…=1",
  ]);
  for (const width of [36, 30, 24, 16, 12]) {
    const cut = namesApart(grid, width);
    expect(new Set(cut).size, `at ${width}`).toBe(grid.length);
    expect(Math.max(...cut.map((name) => stringWidth(name)))).toBeLessThanOrEqual(width);
  }
});

test("names that look alike when cut get numbers; equal names stay equal", () => {
  const long = ["model=/a/very/long/folder/1/weights x", "model=/a/very/long/folder/2/weights x"];
  const cut = namesApart([...long, ...long], 16);
  expect(cut[0]).toMatch(/ \(1\)$/);
  expect(cut[1]).toMatch(/ \(2\)$/);
  expect(cut.slice(2)).toEqual(cut.slice(0, 2));
});

test("wide characters count as two columns", () => {
  const cut = namesApart(["合併=1 注入=2 種=1", "合併=1 注入=2 種=2"], 12);
  expect(new Set(cut).size).toBe(2);
  expect(Math.max(...cut.map((name) => stringWidth(name)))).toBeLessThanOrEqual(12);
});

test("shared words are those with a key that all have", () => {
  expect(sharedWords(grid)).toEqual(["method=imlor2c"]);
  expect(sharedWords(["LoRA seed=1", "LoRA seed=2"])).toEqual([]);
  expect(sharedWords([grid[0] ?? "", grid[0] ?? ""])).toEqual([]);
  expect(withoutWords("* method=imlor2c merges=0", ["method=imlor2c"])).toBe("* merges=0");
  expect(withoutWords("method=lora", ["method=lora"])).toBe("method=lora");
});

test("a table that is too wide says below it what all names share", () => {
  const columns = [
    { key: "label", title: "label", least: 24, long: "apart" },
    { key: "score", title: "score", align: "right" },
  ] as const;
  const rows = grid.map((name, at) => [name, `0.${at}`]);
  expect(tableLines(columns, rows, 80).join("\n")).toContain("method=imlor2c merges=0 injections=0");
  const narrow = tableLines(columns, rows, 36);
  expect(narrow[1]).toMatch(/^merges=0 injections=0 +0\.0$/);
  expect(narrow.at(-1)).toBe("every label: method=imlor2c");
});

test("short names have initials for keys as long as these differ", () => {
  const names = ["merges=2 injections=0 seed=17", "LoRA", "merges=0 injections=12 seed=17"];
  expect(shortNames(names, 40)).toEqual(names);
  expect(shortNames(names, 14)).toEqual(["m=2 i=0 s=17", "LoRA", "m=0 i=12 s=17"]);
  expect(shortNames(names, 11)).toEqual(["m2 i0 s17", "LoRA", "m0 i12 s17"]);
  expect(shortNames(names, 8)).toEqual(["m2i0s17", "LoRA", "m0i12s17"]);
  expect(new Set(shortNames(names, 5)).size).toBe(3);
  expect(shortNames(["method=lora rank=8", "method=lora rank=16"], 12)).toEqual(["m=lora r=8", "m=lora r=16"]);
  expect(shortNames(["rank=8 rate=1", "rank=8 rate=2"], 9)).toEqual(namesApart(["rank=8 rate=1", "rank=8 rate=2"], 9));
});
