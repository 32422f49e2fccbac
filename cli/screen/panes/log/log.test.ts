import { expect, test } from "vitest";
import type { LogLine } from "../../data.js";
import { noSource, screenData, screenRun } from "../../fixtures/data.js";
import { lineWidth, textOf } from "../../line.js";
import type { PaneContext, Size } from "../../pane.js";
import { logPane } from "./index.js";
import { initial, type LogState } from "./state.js";

const RUNS = [
  screenRun({ id: "a1", label: "merges=0 seed=1" }),
  screenRun({ id: "b2", label: "merges=1 seed=1", state: "failed" }),
];
const NOON = new Date(2026, 10, 28, 12, 0, 0).getTime();

const line = (second: number, text: string, of: Partial<LogLine> = {}): LogLine => ({
  ...{ at: NOON + second * 1000, level: "info", runs: ["a1"], label: "merges=0 seed=1", text },
  ...of,
});
const B = { runs: ["b2"], label: "merges=1 seed=1" } as const;

const SOME: LogLine[] = [
  line(0, "2 runs, 1 worker", { runs: [], label: "" }),
  line(1, "epoch 1: accuracy 0.6200, loss 0.61"),
  line(2, "the loss has not fallen for 3 epochs", { level: "warn" }),
  line(3, "Diverged: loss NaN at step 1,204", { level: "error", ...B }),
  line(4, "epoch 2: accuracy 0.6500, loss 0.55"),
];

function contextOf(log: readonly LogLine[], state: Partial<LogState> = {}): PaneContext<LogState> {
  return {
    data: screenData({ runs: RUNS, log }),
    source: noSource,
    shared: { selected: "b2", marked: [], pinned: [] },
    state: { ...initial, ...state },
    look: { depth: 24, dark: true, ascii: false },
    now: 0,
  };
}

const draw = (context: PaneContext<LogState>, columns: number, rows: number): string[] =>
  logPane.lines(context, { columns, rows }).map((row) => textOf(row).trimEnd());

function press(context: PaneContext<LogState>, size: Size, ...keys: string[]): PaneContext<LogState> {
  let { state } = context;
  for (const key of keys) {
    const found = logPane.keys.find((entry) => entry.keys.includes(key));
    state = found?.press({ ...context, state }, key, size).state ?? state;
  }
  return { ...context, state };
}

test("one line each, the newest at the bottom, with time, sign, run and text", () => {
  expect(draw(contextOf(SOME), 70, 4)).toEqual([
    "12:00:01   merges=0 seed=1 epoch 1: accuracy 0.6200, loss 0.61",
    "12:00:02 ! merges=0 seed=1 the loss has not fallen for 3 epochs",
    "12:00:03 ✗ merges=1 seed=1 Diverged: loss NaN at step 1,204",
    "12:00:04   merges=0 seed=1 epoch 2: accuracy 0.6500, loss 0.55",
  ]);
  expect(draw(contextOf(SOME), 118, 30)).toHaveLength(5);
});

test("a narrow pane cuts the text with a mark, and shortens names to what tells them apart", () => {
  expect(draw(contextOf(SOME), 40, 6).slice(2, 4)).toEqual([
    "12:00:02 ! m=0 s=1 the loss has not fal…",
    "12:00:03 ✗ m=1 s=1 Diverged: loss NaN a…",
  ]);
});

test("w shows long lines whole: their own breaks stay, and words that are too long are parted", () => {
  const long = line(5, `Traceback:\n  File "${"x".repeat(50)}"\nValueError: 合併 is \u001b[2J wrong`, {
    level: "error",
  });
  const context = press(contextOf([...SOME, long]), { columns: 40, rows: 9 }, "w");
  expect(draw(context, 40, 9)).toEqual([
    "12:00:04   m=0 s=1 epoch 2: accuracy",
    "                   0.6500, loss 0.55",
    "12:00:05 ✗ m=0 s=1 Traceback:",
    "                     File",
    `                     "${"x".repeat(18)}`,
    "                   xxxxxxxxxxxxxxxxxxxxx",
    '                   xxxxxxxxxxx"',
    "                   ValueError: 合併 is",
    "                   \\u001b[2J wrong",
  ]);
});

test("e shows only warnings and errors, f only the selected run; the title says so", () => {
  const size = { columns: 70, rows: 6 };
  const problems = press(contextOf(SOME), size, "e");
  expect(draw(problems, 70, 6)).toHaveLength(2);
  expect(logPane.title(problems)).toBe("Log · warnings and errors");
  const selected = press(contextOf(SOME), size, "f");
  expect(draw(selected, 70, 6)).toHaveLength(1);
  expect(logPane.title(selected)).toBe("Log · only merges=1 seed=1");
  const none = { ...press(contextOf(SOME.slice(0, 2)), size, "e", "f") };
  expect(draw(none, 70, 6)).toEqual(["no warnings or errors about merges=1 seed=1 yet"]);
});

test("scrolled back it stays while lines come, says how many, and follows again at the end", () => {
  const size = { columns: 70, rows: 4 };
  const many = Array.from({ length: 30 }, (_, i) => line(i, `line ${i}`));
  const last = (context: PaneContext<LogState>) =>
    draw(context, 70, 4)
      .at(-1)
      ?.replace(/.*line /, "");
  const later = (context: PaneContext<LogState>, more: number, from = many) => ({
    ...context,
    data: {
      ...context.data,
      log: [...from, ...Array.from({ length: more }, (_, i) => line(30 + i, `line ${30 + i}`))],
    },
  });
  const back = press(contextOf(many), size, "up", "up");
  expect(last(back)).toBe("27");
  expect(logPane.title(back)).toBe("Log · 0 new below");
  expect(last(later(back, 5))).toBe("27");
  expect(logPane.title(later(back, 5))).toBe("Log · 5 new below");
  // a reader that makes the lines anew
  const anew = later(back, 5, structuredClone(many));
  expect([last(anew), logPane.title(anew)]).toEqual(["27", "Log · 5 new below"]);
  const seen = press(later(back, 5), size, "pagedown");
  expect([last(seen), logPane.title(seen)]).toEqual(["30", "Log · 4 new below"]);
  const end = press(later(back, 5), size, "end");
  expect([last(end), logPane.title(end), end.state.back]).toEqual(["34", "Log", null]);
  expect(last(later(end, 7))).toBe("36");
  expect(draw(press(back, size, "home"), 70, 4)[0]).toMatch(/line 0$/);
  expect(draw(press(back, size, "home", "up", "pageup"), 70, 4)).toHaveLength(4);
  expect(last(press(back, size, "home", "pagedown"))).toBe("6");
  // the line at the bottom has left the log
  expect(last(later(back, 5, many.slice(29)))).toBe("29");
});

test("scrolling goes through the rows of wrapped lines", () => {
  const size = { columns: 70, rows: 4 };
  const tall = contextOf([line(0, "first"), line(1, "1\n2\n3\n4\n5\n6"), line(2, "last")], { wrap: true });
  const bottom = (context: PaneContext<LogState>) => draw(context, 70, 4).at(-1)?.trim();
  expect(bottom(tall)).toMatch(/last$/);
  expect(bottom(press(tall, size, "up"))).toBe("6");
  expect(bottom(press(tall, size, "up", "up", "up"))).toBe("4");
  expect(bottom(press(tall, size, "home"))).toBe("3");
  expect(press(tall, size, "up", "down").state.back).toBeNull();
});

test.each([
  [30, 1],
  [40, 6],
  [58, 10],
  [118, 30],
  [298, 95],
])("nothing is wider or higher than %i x %i", (columns, rows) => {
  const wide = line(9, `合併 \u001b[31m\u202e ${"長".repeat(300)}`, { label: "合併=1 ".repeat(9) });
  for (const wrap of [false, true]) {
    const lines = logPane.lines(contextOf([...SOME, wide, wide], { wrap }), { columns, rows });
    expect(lines.length).toBeLessThanOrEqual(rows);
    for (const row of lines) expect(lineWidth(row)).toBeLessThanOrEqual(columns);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be there
    expect(lines.map(textOf).join("")).not.toMatch(/[\u0000-\u001f\u202e]/);
  }
});

test("a row is made once", () => {
  const rows = (context: PaneContext<LogState>) => logPane.lines(context, { columns: 70, rows: 3 });
  const before = rows(contextOf(SOME));
  const after = rows(contextOf([...SOME, line(5, "more")]));
  expect(after[0]).toBe(before[1]);
});
