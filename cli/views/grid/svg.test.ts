import { createHash } from "node:crypto";
import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { sampleGrid, sampleRows } from "../fixtures/grid.js";
import { svgToPng } from "../parts/png.js";
import { gridSvg } from "./svg.js";

const CHANGE = (row: { position: number }) =>
  row.position === 3
    ? { state: "running" as const, running: 1 as const, value: null, so_far: 0.71 }
    : row.position === 10
      ? { state: "failed" as const, value: null, error_type: "<&>" }
      : {};
const grid = sampleGrid(sampleRows({ change: CHANGE }));

describe("SVG", () => {
  const svg = gridSvg(grid);
  const { document } = parseHTML(svg);
  const texts = [...document.querySelectorAll("text")].map((text) => text.textContent);
  test("has titles, axes, every value, the scale and the footnotes", () => {
    expect(texts).toEqual(
      expect.arrayContaining(["mrpc-grid", "accuracy × 100 after the best epoch, one seed", "mrpc, minilm, imlor2c"]),
    );
    expect(texts).toEqual(expect.arrayContaining(["merges M", "injections I", "87.25", "89.22*", "71.00▸", "×"]));
    expect(texts.filter((text) => text === "88.23")).toHaveLength(1); // the middle of the scale
    expect(texts.at(-1)).toBe("× M 2, I 2: failed (<&>), run 22000000");
    expect(svg).toContain("(&lt;&amp;&gt;)");
  });
  test("outlines the best cell, and colours the others by their score", () => {
    const cells = [...document.querySelectorAll('[aria-label="cell"] rect')];
    expect(cells).toHaveLength(12 + 1);
    expect(cells.map((cell) => cell.getAttribute("fill")).slice(0, 4)).toEqual([
      "#440154",
      "#21918c",
      "#2c728e",
      "#efefef",
    ]);
    expect(document.querySelector('[stroke="black"] rect')).not.toBeNull();
  });
  test("each cell says all of itself to a pointer above it, through its text", () => {
    const seeds = parseHTML(gridSvg(sampleGrid(sampleRows({ seeds: 5, change: CHANGE })))).document;
    const titles = [...seeds.querySelectorAll('[aria-label="cell"] rect title')].map((title) => title.textContent);
    expect(titles).toHaveLength(12);
    expect(titles[0]).toBe(
      "M 0, I 0: 87.69 ± 0.43, 4 of 5 seeds, not separable from the best (p 0.6875), 36,864 parameters, running",
    );
    expect(titles[7]).toBe("M 1, I 3: 89.72 ± 0.40, 5 seeds, best, 36,096 parameters");
    expect([...document.querySelectorAll("[aria-label=cell] rect title")].at(10)?.textContent).toBe(
      "M 2, I 2: 0 of 1 seed, 32,256 parameters, failed (<&>), run 22000000",
    );
    // The numbers in the cells let the pointer through; those of the colour scale, in the second picture, cover nothing.
    const texts = [...(document.querySelector("svg > svg")?.querySelectorAll('[aria-label="text"] text') ?? [])];
    const numbers = texts.filter(({ textContent }) => /^8\d\./.test(textContent ?? ""));
    expect(numbers.length).toBeGreaterThan(3);
    for (const text of numbers) expect(text.closest("[pointer-events=none]")).not.toBeNull();
  });
  test("a small grid fills its width, and the title of the columns is clear of the other texts", () => {
    const small = sampleRows().filter(
      ({ axes }) => axes["method.merges"] === 0 && Number(axes["method.injections"]) < 2,
    );
    const drawn = parseHTML(gridSvg(sampleGrid(small))).document;
    const [plot, scale] = [...drawn.querySelectorAll("svg > svg")].map((one) => ({
      x: Number(one.getAttribute("x")),
      width: Number(one.getAttribute("width")),
    }));
    expect(
      Number(drawn.querySelector("svg")?.getAttribute("width")) - (scale?.x ?? 0) - (scale?.width ?? 0),
    ).toBeLessThan(3);
    expect((scale?.x ?? 0) - (plot?.width ?? 0)).toBeLessThan(10);
  });
  test("a second map: what the cells show, and its own scale and title", () => {
    const drawn = gridSvg(grid, "params");
    expect(drawn).toContain("parameters that are trained at the end, without the head");
    expect(drawn).toMatch(/>32,256</);
    expect(gridSvg(sampleGrid(sampleRows({ seeds: 2 })), "n")).toContain("runs with a score (accuracy) of 2 seeds");
  });
  test("a mean where a cell has fewer seeds is of up to so many", () => {
    const short = sampleGrid(sampleRows({ seeds: 3, change: (row) => (row.position === 3 ? { value: null } : {}) }));
    const fewer = sampleGrid(
      sampleRows({ seeds: 3, change: (row) => (row.seed === 19 && row.position < 20 ? { value: null } : {}) }),
    );
    expect(gridSvg(sampleGrid(sampleRows({ seeds: 3 })))).toContain("best epoch, mean of 3 seeds<");
    expect(gridSvg(fewer)).toContain("best epoch, mean of up to 3 seeds<");
    expect(gridSvg(short, "params")).toContain("without the head, mean of 3 seeds<");
  });
  test("is the same for the same data", () => {
    expect(gridSvg(sampleGrid(sampleRows({ change: CHANGE })))).toBe(svg);
  });
  test("text stays inside, with seeds, nothing trained, one column, or a long name", () => {
    const name = "a-name-".repeat(30);
    for (const one of [
      sampleGrid(sampleRows({ seeds: 3 })),
      sampleGrid(sampleRows({ change: () => ({ state: "planned", value: null }) })),
      {
        ...grid,
        experiment: { id: 1, name },
        model: name,
        beside: [{ label: name, n: 1, of: 1, mean: 0.5, deviation: null, state: "finished", runs: ["f"] }],
      },
    ]) {
      const drawn = gridSvg(one);
      expect(drawn).not.toMatch(/NaN|undefined|Infinity/);
      expect(svgToPng(drawn).length).toBeGreaterThan(10_000);
    }
    expect(gridSvg({ ...grid, experiment: { id: 1, name } })).not.toContain(`>${name}<`);
  });
});

test("PNG: three pixels for each unit, the same bytes each time, no fonts of the system", () => {
  const svg = gridSvg(grid);
  const png = svgToPng(svg);
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  const [, width] = /width="(\d+)"/.exec(svg) ?? [];
  expect(png.readUInt32BE(16)).toBe(3 * Number(width));
  const hash = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
  expect(hash(svgToPng(svg))).toBe(hash(png));
  // Letters are drawn: without them the picture differs.
  expect(hash(svgToPng(svg.replaceAll(/<text[\s\S]*?<\/text>/g, "")))).not.toBe(hash(png));
});
