import { describe, expect, test } from "vitest";
import type { TimelineData } from "../../../views/timeline/data.js";
import { noSource, screenData, screenRun } from "../../fixtures/data.js";
import { sampleTimeline } from "../../fixtures/timeline.js";
import { lineWidth, textOf } from "../../line.js";
import type { Look, PaneContext, Size } from "../../pane.js";
import { CHANGES } from "./changes.js";
import { chosenEpochs, epochsUpTo } from "./epochs.js";
import { structurePane } from "./index.js";
import type { StructureState } from "./state.js";

type Context = PaneContext<StructureState>;
const RUNS = [
  screenRun({ id: "a", label: "merges=2 injections=2 seed=17", state: "finished" }),
  screenRun({ id: "b", label: "LoRA", state: "running" }),
];
const contextOf = (
  timeline: TimelineData | null,
  selected: string | null = "a",
  look: Partial<Look> = {},
): Context => ({
  ...{ data: screenData({ runs: RUNS }), source: { ...noSource, timeline: () => timeline }, now: 0 },
  ...{ shared: { selected, marked: [], pinned: [] }, state: structurePane.initial },
  look: { depth: 1, dark: true, ascii: false, ...look },
});
const linesOf = (context: Context, columns: number, rows: number) =>
  structurePane.lines(context, { columns, rows }).map((line) => textOf(line).trimEnd());
const picture = (context: Context, columns: number, rows: number) =>
  `\n${linesOf(context, columns, rows).join("\n")}\n`;

function pressed(start: Context, keys: readonly string[], size: Size): Context {
  let context = start;
  for (const key of keys) {
    const found = structurePane.keys.find((one) => one.keys.includes(key));
    if (!found) throw new Error(`no key ${key}`);
    context = { ...context, state: found.press(context, key, size).state ?? context.state };
  }
  return context;
}

const SIX = sampleTimeline(6, 5, [
  { kind: "merge", epoch: 1, from: 3, to: 4 },
  { kind: "inject", epoch: 2, from: 0 },
  { kind: "merge", epoch: 3, from: 3, to: 5 },
]);
const LLAMA = sampleTimeline(32, 40, [
  { kind: "merge", epoch: 7, from: 10, to: 11 },
  { kind: "inject", epoch: 18, from: 2 },
  { kind: "merge", epoch: 33, from: 28, to: 29 },
]);

test("every change at its epoch, then what it made; the changes beside", () => {
  expect(picture(contextOf(SIX), 78, 12)).toMatchInlineSnapshot(`
    "
    layer  1  2  3  4  5   sfs │ 18,432 trainable from the start
        0  ▒  i  +  +  +       │ epoch 1: merge layers 3 to 4, score 0.4, margin
        1  ░  ▒  ▓  █  ░   0.2 │   0.05, 15,360 trainable
        2  █  ░  ▒  ▓  █   0.9 │ epoch 2: inject layer 0, score 0.4, margin 0.05,
        3  m┐ █  m┐ ▒  ▓   0.6 │   15,360 trainable
        4  m┘ │  m┤ │  │       │ epoch 3: merge layers 3 to 5, score 0.4, margin
        5  █  ░  m┘ │  │       │   0.05, 12,288 trainable
    ░▒▓█ low to high score (sfs 0 to 0.9)   m merged here   i injected here
    │ merged with the one above   + injected
    "
  `);
});

test("colours and ASCII: scores as digits, brackets that are no injection", () => {
  const ascii = linesOf(contextOf(SIX, "a", { ascii: true }), 60, 7).map((line) => line.slice(0, 30).trimEnd());
  expect(ascii).toMatchInlineSnapshot(`
    [
      "layer  1  2  3  4  5   sfs │ …",
      "    0  3  i  +  +  +       │ e",
      "    1  0  3  6  9  2   0.2 │",
      "    2  7  0  3  6  9   0.9 │",
      "    3  m\\ 7  m\\ 3  6   0.6 │ e",
      "    4  m/ │  m| │  │       │",
      "    5  8  1  m/ │  │       │",
    ]
  `);
  const lines = structurePane.lines(contextOf(SIX, "a", { depth: 24 }), { columns: 78, rows: 12 });
  expect(lines[1]?.find(({ scale }) => scale !== undefined)).toMatchObject({ text: expect.stringMatching(/^ +\d $/) });
});

describe("no change is ever left out", () => {
  test.each([...Object.keys(CHANGES), "split"])("%s is in the picture and in words", (kind) => {
    const data = sampleTimeline(4, 3, [{ kind, epoch: 2, from: 1, to: kind === "inject" ? 1 : 2 }]);
    const lines = linesOf(contextOf(data), 78, 12);
    const sign = Object.hasOwn(CHANGES, kind) ? CHANGES[kind as keyof typeof CHANGES].sign : "s";
    expect(lines[2]?.slice(0, 20)).toContain(`  ${sign}`);
    expect(lines.join("\n")).toContain(`epoch 2: ${kind} layer`);
    expect(lines.join("\n")).toContain(`${sign} `);
  });
  test("a change between two epochs has a column of its own", () => {
    const data = sampleTimeline(3, 2, [{ kind: "inject", epoch: 1.5, from: 1 }]);
    expect(linesOf(contextOf(data), 30, 5).slice(0, 4)).toMatchInlineSnapshot(`
      [
        "layer   1 1.5   2   sfs",
        "    0   ▒   -   █   0.6",
        "    1   ░   i   +",
        "    2   █   -   ░     0",
      ]
    `);
  });
  test("epochs are thinned around them, with a mark; the newest is there", () => {
    const [head = "", ...rows] = linesOf(contextOf(LLAMA), 58, 36);
    expect(head).toMatchInlineSnapshot(`"layer   1… 4… 7…10…13…16…18…20…22…24…26…28…30…33…35…37…40"`);
    expect(rows.slice(0, 3)).toMatchInlineSnapshot(`
      [
        "     0  ▒  ░  ░  ░  █  █  ▒  ░  ▓  ░  █  ▒  ░  █  ▓  ░  ░",
        "     1  ░  █  █  █  ▓  ▓  ░  █  ▒  █  ▓  ░  █  ▓  ░  █  █",
        "     2  █  ▓  ▓  ▒  ▒  ░  i  +  +  +  +  +  +  +  +  +  +",
      ]
    `);
    expect(rows.join("\n")).toMatch(/\d+ of 40 epochs shown/);
    for (const epoch of [1, 7, 18, 33, 40]) expect(head).toMatch(new RegExp(`[ …]${epoch}(?!\\d)`));
  });
});

describe("scrolling", () => {
  const size = { columns: 58, rows: 12 };
  test("over layers, with how many are above and below", () => {
    const start = contextOf(LLAMA);
    expect(linesOf(start, 58, 12).filter((line) => /[↑↓]\d/.test(line))).toHaveLength(1);
    const down = linesOf(pressed(start, ["pagedown", "down"], size), 58, 12);
    expect(down[1]).toMatch(/^↑10 +10 /);
    expect(down[9]).toMatch(/^↓13 +18 /);
    expect(linesOf(pressed(start, ["end"], size), 58, 12)[9]).toMatch(/^ +31 /);
    expect(linesOf(pressed(start, ["end", "up"], size), 58, 12)[9]).toMatch(/^↓1 +30 /);
  });
  test("over epochs, without gaps", () => {
    const left = linesOf(pressed(contextOf(LLAMA), ["left", "left"], size), 58, 12)[0];
    expect(left).toMatch(/^layer +‹ *\d+( +\d+)* 38›/);
    expect(left).not.toContain("…");
    const back = pressed(contextOf(LLAMA), ["left", "right"], size);
    expect(linesOf(back, 58, 12)).toEqual(linesOf(contextOf(LLAMA), 58, 12));
  });
  test("another run begins at the top", () => {
    const down = pressed(contextOf(LLAMA), ["end"], size);
    const other = { ...down, shared: { ...down.shared, selected: "b" } };
    expect(linesOf(other, 58, 12)[1]).toMatch(/^ +0 /);
  });
});

test("ranks of a method that moves them between modules", () => {
  const ranks = [0, 1].flatMap((layer) =>
    [1, 2, 3].map((epoch) => {
      const module = `roberta.encoder.layer.${layer}.attention.self.query`;
      return { module, step: epoch * 94, epoch, rank: 12 - 4 * layer * (epoch - 1) };
    }),
  );
  const data = { ...sampleTimeline(0, 0), ranks };
  expect(picture(contextOf(data), 58, 8)).toMatchInlineSnapshot(`
    "
    rank               1  2  3
        layer 0 query 12 12 12
        layer 1 query 12  8  4
    from 4 to 12
    "
  `);
});

describe("a plain sentence where there is no structure", () => {
  test("of a finished run, of one in training, of one that has not started", () => {
    const none = sampleTimeline(0, 0);
    expect(linesOf(contextOf({ ...none, state: "finished" }), 80, 4)).toEqual([
      "this run has no modules that change, are scored or have ranks",
    ]);
    expect(linesOf(contextOf(none), 118, 4)[0]).toMatch(/^nothing yet \(running\): modules/);
    const waits = screenRun({ id: "a" });
    const context = { ...contextOf(null), data: screenData({ runs: [waits] }) };
    expect(linesOf(context, 118, 4)[0]).toMatch(/^nothing yet \(planned\): modules/);
    expect(structurePane.shows(screenData({ runs: [] }))).toBe(false);
  });
});

test("the label comes first in the title; nothing selected: the first run in training", () => {
  expect(structurePane.title(contextOf(SIX))).toBe("merges=2 injections=2 seed=17: structure by epoch");
  expect(structurePane.title(contextOf(SIX, null))).toMatch(/^LoRA: /);
});

describe("sizes", () => {
  test.each([
    [24, 4],
    [58, 4],
    [78, 12],
    [118, 30],
    [298, 90],
  ])("nothing is larger than %i x %i", (columns, rows) => {
    for (const data of [SIX, LLAMA]) {
      const lines = structurePane.lines(contextOf(data), { columns, rows });
      expect(lines.length).toBeLessThanOrEqual(rows);
      for (const line of lines) expect(lineWidth(line)).toBeLessThanOrEqual(columns);
      expect(lines.map(textOf).join("\n")).toMatch(/epoch \d+: (merge|inject)/);
    }
  });
  test("it asks for as many rows as it fills", () => {
    for (const columns of [40, 78, 118, 298]) {
      const context = contextOf(LLAMA);
      const wanted = structurePane.wanted(context, columns);
      expect(linesOf(context, columns, wanted)).toHaveLength(wanted);
      expect(linesOf(context, columns, wanted + 9)).toHaveLength(wanted);
    }
  });
});

test("chosen epochs: changes first, then evenly; the newest always", () => {
  const columns = Array.from({ length: 20 }, (_, i) => ({ changed: i === 4 || i === 11 }));
  expect(chosenEpochs(columns, 6)).toEqual([0, 4, 8, 11, 15, 19]);
  expect(chosenEpochs(columns, 2)).toEqual([11, 19]);
  expect(chosenEpochs(columns, 1)).toEqual([19]);
  expect(epochsUpTo(3, 20, 6)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(epochsUpTo(18, 20, 3)).toEqual([16, 17, 18]);
});
