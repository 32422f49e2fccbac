import { describe, expect, test } from "vitest";
import type { Environment } from "../../app/environment.js";
import { press as pressScreen } from "../../app/keys.js";
import { initialState } from "../../app/state.js";
import { type Line, lineWidth, textOf } from "../../line.js";
import type { Pane, PaneContext, Size } from "../../pane.js";
import { contextOf, curves, type Shown } from "./fixtures/curves.js";
import { chartsPane } from "./index.js";
import type { ChartsState } from "./state.js";

const draw = (context: PaneContext<ChartsState>, columns: number, rows: number): string[] =>
  chartsPane.lines(context, { columns, rows }).map((line) => textOf(line).trimEnd());

function press(context: PaneContext<ChartsState>, size: Size, ...keys: string[]): PaneContext<ChartsState> {
  let { state } = context;
  for (const key of keys) {
    const found = chartsPane.keys.find((entry) => entry.keys.includes(key));
    state = found?.press({ ...context, state }, key, size).state ?? state;
  }
  return { ...context, state };
}

const a: Shown = { run: { id: "a", label: "merges=1 seed=1" }, curves: curves({ scores: [0.6, 0.7, 0.65, 0.8] }) };
const b: Shown = { run: { id: "b", label: "LoRA" }, curves: curves({ scores: [0.7, 0.72, 0.74, 0.74] }) };
const best: Shown = {
  run: { id: "c", label: "merges=0 seed=1", state: "finished", score: 0.78 },
  curves: curves({ scores: [0.7, 0.75, 0.78, 0.76] }),
};

test("lines over each other, with letters, round numbers and whole epochs", () => {
  const changes = [
    { kind: "merge", epoch: 2 },
    { kind: "inject", epoch: 2 },
    { kind: "inject", epoch: 3 },
  ];
  const context = contextOf([a, b, best], { pinned: ["b"], changes });
  expect(`\n${draw(context, 58, 10).join("\n")}\n`).toMatchInlineSnapshot(`
    "
    b merges=1 seed=1 0.8000      a LoRA 0.7400
    c★merges=0 seed=1 0.7600
      0.8┤                ┊          ⢀⣀⣀ ⠄ ⠤⠤⠄⢀ ⢀⣀⣀     ⢀⡠⠔⠊ b
         │            ⢀⡀⢀ ⠠⠤⠤ ⠂ ⠒⠉⠁⠈   ⣀ ⢀⣀⣀⡀ ⣀⣀⣀ ⢀⣀⣁⡠⠝⣋⣁⣐ ⢐ a
         │ ⢀⡀⢀⢀⣠⣤⡒ ⠦⠤⠭⠁⠠⠒⠒⠒ ⠒⠒⠒ ⠈⠉⠉⠁ ⠉⠉    ┊    ⢀⡠⠔⠊⠁        c
      0.7┤⠉⠉⠉        ⢀⣀⠤⠔⠒⠉⠉⠑⠒⠒⠢⠤⠤⠤⣀⣀⣀⡀    ┊⢀⡠⠔⠊⠁
         │     ⢀⣀⠤⠔⠒⠉⠁    ┊           ⠈⠉⠉⠑⠒⠊⠁
      0.6┤⣀⠤⠔⠒⠉⠁          ┊                ┊
         └┬───────────────mi2──────────────i3──────────────┬
    epoch 1               2                3               4
    "
  `);
  expect(chartsPane.title(context)).toBe("Charts · accuracy");
});

const SIZES: [number, number][] = [
  ...([
    [24, 4],
    [30, 5],
    [40, 6],
    [58, 10],
    [118, 30],
    [298, 95],
  ] as [number, number][]),
];
const wide: Shown = {
  run: { id: "w", label: "合併=1 \u001b[2J 注入=2 a very long label that has to be cut somewhere" },
  curves: curves({ losses: [3, null, 2e6, -1, 0.1], scores: [0.5], majority: 0.4 }),
};

test.each(SIZES)("nothing is wider or higher than %i x %i", (columns, rows) => {
  for (const state of [{}, { log: true, smoothing: 0.9 as const, cursor: 2.5 }, { single: true, cursor: -7 }]) {
    for (const ascii of [false, true]) {
      const context = contextOf([wide, a, b, best], { state, pinned: ["a", "b"], look: { ascii } });
      const lines = chartsPane.lines(context, { columns, rows });
      expect(lines.length).toBeLessThanOrEqual(rows);
      for (const line of lines) expect(lineWidth(line)).toBeLessThanOrEqual(columns);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be there
      expect(lines.map(textOf).join("")).not.toMatch(/[\u0000-\u001f]/);
    }
  }
});

test("a spike among thousands of values is drawn, and a value that is not finite is a cross", () => {
  const losses = Array.from({ length: 20_000 }, (_, i): number | null => (i === 7777 ? 90 : i === 15_000 ? null : 1));
  const rows = draw(contextOf([{ ...a, curves: curves({ losses }) }]), 60, 12);
  expect(rows[1]).toMatch(/^ *100┤/);
  expect(rows.slice(1, 3).join("")).toMatch(/[⠀-⣿]/);
  expect(rows.join("").match(/×/g)).toHaveLength(1);
});

test("only values that are not finite: crosses, and no number is made up", () => {
  const rows = draw(contextOf([{ ...a, curves: curves({ losses: [null, null] }) }]), 40, 8).join("\n");
  expect(rows).toContain("×");
  expect(rows).toContain("not finite");
  expect(rows).not.toMatch(/\d┤/);
});

test("a change outside of the axis has no mark; a run without values has none in the legend", () => {
  const one = { ...a, curves: curves({ scores: [0.5] }) };
  const waiting: Shown = { run: { id: "d", label: "merges=2 seed=1", state: "planned" }, curves: null };
  const rows = draw(contextOf([one, waiting], { pinned: ["d"], changes: [{ kind: "merge", epoch: 3 }] }), 60, 10);
  expect(rows.join("")).not.toContain("┊");
  expect(rows[0]).toMatch(/^b merges=1 0\.5000 +a merges=2 -$/);
});

test("nothing measured, no run, one value", () => {
  expect(draw(contextOf([{ ...a, curves: null }]), 60, 8)).toEqual(["nothing has been measured yet"]);
  expect(draw(contextOf([]), 60, 8)).toEqual(["no run is selected"]);
  expect(draw(contextOf([{ ...a, curves: curves({ scores: [0.5] }) }]), 40, 8).join("\n")).toContain("•");
});

describe("keys", () => {
  const size = { columns: 60, rows: 10 };
  const both: Shown = { ...a, curves: curves({ losses: [4, 2, 1, 0.5], scores: [0.6, 0.7, 0.65, 0.8] }) };

  test("left and right go round the metrics", () => {
    const context = contextOf([both]);
    expect(chartsPane.title(context)).toBe("Charts · accuracy · ← → metric");
    expect(chartsPane.title(press(context, size, "right"))).toBe("Charts · training loss · ← → metric");
    expect(chartsPane.title(press(context, size, "left"))).toBe("Charts · training loss · ← → metric");
    expect(chartsPane.title(press(context, size, "right", "right"))).toBe("Charts · accuracy · ← → metric");
  });

  test("up and down go through the runs", () => {
    const context = contextOf([a, b, best]);
    const found = chartsPane.keys.find(({ keys }) => keys.includes("down"));
    expect(found?.press(context, "down", size)).toEqual({ shared: { selected: "b" } });
    expect(found?.press(context, "up", size)).toEqual({});
  });

  test("the cursor shows each run's value there, moves by columns, and goes", () => {
    const context = contextOf([a, b], { pinned: ["b"] });
    expect(draw(context, 60, 10)[0]).toMatch(/^b merges=1 seed=1 0\.8000 +a LoRA 0\.7400$/);
    const first = press(context, size, "home");
    expect(first.state.cursor).toBe(1);
    expect(draw(first, 60, 10)[0]).toMatch(/0\.6000 +a LoRA 0\.7000$/);
    const on = press(first, size, "}", "]");
    expect(on.state.cursor).toBeGreaterThan(1.5);
    expect(press(on, size, "{", "[").state.cursor).toBe(1);
    expect(press(on, size, "end").state.cursor).toBe(4);
    expect(press(context, size, "[").state.cursor).toBe(4);
    expect(press(context, size, "[", "[").state.cursor).toBeLessThan(4);
    expect(press(on, size, "escape").state.cursor).toBeNull();
    expect(chartsPane.keys.find(({ keys }) => keys.includes("escape"))?.press(context, "escape", size)).toEqual({});
  });

  test("escape takes the cursor away, then zooms the screen back", () => {
    const shown = contextOf([a]);
    const around: Environment = {
      ...{ data: shown.data, source: shown.source, panes: [chartsPane as Pane], deviceWords: () => "" },
      ...{ look: shown.look, size: { columns: 80, rows: 24 }, now: 0, quit: "quit" },
    };
    const typed = (...keys: string[]) =>
      keys.reduce((state, key) => pressScreen(state, key, around).state, initialState("charts", "a"));
    expect(typed("z", "[", "escape").zoomed).toBe(true);
    expect(typed("z", "[", "escape", "escape").zoomed).toBe(false);
  });

  test("beyond the end of a line there is no value", () => {
    const short: Shown = { ...b, curves: curves({ scores: [0.7, 0.72] }) };
    const context = contextOf([a, short], { pinned: ["b"], state: { cursor: 3 } });
    expect(draw(context, 60, 10)[0]).toMatch(/^b merges=1 seed=1 0\.6500 +a LoRA -$/);
  });

  test("a logarithmic axis is refused where a value has no logarithm", () => {
    const numbers = (rows: string[]) => rows.flatMap((row) => /^ *([\d.e-]+)┤/.exec(row)?.[1] ?? []);
    const context = contextOf([{ ...a, curves: curves({ losses: [1000, 30, 10, 1] }) }]);
    expect(numbers(draw(press(context, size, "l"), 60, 10))).toEqual(["1000", "100", "10", "1"]);
    const refused = press(contextOf([{ ...a, curves: curves({ losses: [1, 0] }) }]), size, "l");
    expect(draw(refused, 60, 10).join("\n")).toContain("no log axis: values of 0 or less");
  });

  test("smoothing is TensorBoard's: without a bias at the start; what was measured stays as dots", () => {
    const context = contextOf([{ ...a, curves: curves({ losses: [1, 3, null, 2, 2, 2, 2, 2] }) }]);
    const smooth = press(context, size, "s");
    expect(chartsPane.title(smooth)).toBe("Charts · training loss · smooth 0.6");
    // (0.4 * 3 + 0.24 * 1) / 0.64
    expect(draw({ ...smooth, state: { ...smooth.state, cursor: 1 } }, 60, 10)[0]).toBe("a merges=1 seed=1 2.25 (3)");
    const styles = chartsPane.lines(smooth, size).flat();
    expect(styles.some(({ role, text }) => role === "dim" && /[⠁-⣿]/.test(text))).toBe(true);
    expect(press(context, size, "s", "s", "s", "s").state.smoothing).toBe(0);
  });

  test("several charts where there is room, one with m", () => {
    const context = contextOf([both]);
    const shown = (state: PaneContext<ChartsState>) =>
      draw(state, 118, 30).filter((row) => /accuracy|training/.test(row));
    expect(shown(context)).toHaveLength(2);
    expect(shown(press(context, { columns: 118, rows: 30 }, "m"))).toHaveLength(0);
  });
});

test("each line has a colour and a letter that stay while another run is selected; the best has a star", () => {
  const series = (context: PaneContext<ChartsState>) =>
    new Map(
      chartsPane
        .lines(context, { columns: 118, rows: 10 })
        .flatMap((line: Line) => line.filter(({ text }) => /^[a-z][ ★]\w/.test(text)))
        .map(({ text, series }) => [text.slice(0, 3), series]),
    );
  const context = contextOf([a, b, best], { pinned: ["b"] });
  expect(series(context)).toEqual(
    new Map([
      ["b m", 1],
      ["a L", 0],
      ["c★m", 2],
    ]),
  );
  const other = { ...context, shared: { ...context.shared, selected: "b" } };
  expect(series(other)).toEqual(
    new Map([
      ["a L", 0],
      ["c★m", 2],
    ]),
  );
});

test("ASCII draws each line with its letter; without colours dense lines carry their letter", () => {
  const lines = draw(contextOf([a, b], { pinned: ["b"], look: { ascii: true } }), 58, 10);
  expect(lines.join("")).not.toMatch(/[⠀-⣿]/);
  expect(lines.slice(1, 8).join("")).toMatch(/bbb/);
  const noise = (shift: number) => curves({ losses: Array.from({ length: 2000 }, (_, i) => shift + Math.sin(i) / 3) });
  const dense = [
    { ...a, curves: noise(1) },
    { ...b, curves: noise(2) },
  ];
  const letters = (depth: 1 | 24) =>
    draw(contextOf(dense, { pinned: ["b"], look: { depth } }), 58, 12)
      .slice(1)
      .join("")
      .match(/[ab]/g)?.length;
  expect(letters(24)).toBe(2);
  expect(letters(1)).toBe(4);
});

test("the majority class is a line, or where it is beyond the axis", () => {
  const with_ = (majority: number) =>
    draw(contextOf([{ ...a, curves: curves({ scores: [0.8, 0.85, 0.9], majority }) }]), 60, 12).join("\n");
  expect(with_(0.78)).toMatch(/╌╌/);
  expect(with_(0.78)).toContain("majority class 0.7800");
  expect(with_(0.1)).toContain("below: majority class 0.1000");
});

test("the same data give the same lines", () => {
  const context = contextOf([a, b]);
  const size = { columns: 58, rows: 10 };
  const lines = chartsPane.lines(context, size);
  expect(chartsPane.lines({ ...context, data: { ...context.data }, now: 5 }, size)).toBe(lines);
  expect(chartsPane.lines({ ...context, state: { ...context.state, log: true } }, size)).not.toBe(lines);
});
