/** The screen as data: what is drawn, and what keys do. */
import stringWidth from "string-width";
import { expect, test } from "vitest";
import { noSource, SOME_RUNS, screenData, screenRun } from "../fixtures/data.js";
import { type Line, textOf } from "../line.js";
import type { Pane } from "../pane.js";
import { runsPane } from "../panes/runs/index.js";
import { drawScreen } from "./draw.js";
import type { Environment } from "./environment.js";
import { press } from "./keys.js";
import { type AppState, type Effect, initialState } from "./state.js";

const environment = (columns = 80, rows = 24, data = screenData()): Environment => ({
  ...{ data, source: noSource, panes: [runsPane as Pane], deviceWords: () => "cpu 97% 3/24 GB" },
  ...{ look: { depth: 1, dark: true, ascii: false }, size: { columns, rows }, now: 0, quit: "quit" },
});

function typed(keys: readonly string[], from = initialState("runs", null), around = environment()) {
  const effects: Effect[] = [];
  const state = keys.reduce<AppState>((before, key) => {
    const text = key === "space" ? " " : [...key].length === 1 ? key : "";
    const after = press(before, key, around, text);
    if (after.effect) effects.push(after.effect);
    return after.state;
  }, from);
  return { state, effects, lines: drawScreen(state, around).map(textOf) };
}

const texts = (lines: readonly Line[]) => lines.map(textOf);

test("every frame has exactly the size of the terminal, from small to large", () => {
  for (const [columns, rows] of [
    [20, 3],
    [60, 20],
    [80, 24],
    [120, 40],
    [300, 100],
  ] as const) {
    const lines = texts(drawScreen(initialState("runs", null), environment(columns, rows)));
    expect(lines).toHaveLength(rows);
    expect(new Set(lines.map((line) => stringWidth(line)))).toEqual(new Set([columns]));
  }
});

test("the runs stand with sign, score, epoch and time; the words of every label are said once", () => {
  const { lines } = typed([]);
  expect(lines[0]).toContain("mrpc-grid");
  expect(lines[0]).toContain("2/5 runs");
  expect(lines[0]).toContain("1 failed");
  expect(lines[3]).toMatch(/✓ merges=0 seed=1\s+0\.7500\s+best e4\s+35\.5s/);
  expect(lines[4]).toMatch(/✓ merges=1 seed=1\s+!0\.5000\s+best e3\s+34\.0s\s+m1/);
  expect(lines[5]).toMatch(/▸ merges=1 seed=2\s+~0\.6812\s+e2\/4\s+12\.0s left/);
  expect(lines[6]).toContain("× merges=0 seed=2  failed: Diverged: loss NaN at step 12");
  expect(lines[7]).toMatch(/· merges=2 seed=1\s+waiting/);
  expect(lines[8]).toContain("every label: injections=0");
});

test("the cursor begins at the run in training; space marks, c compares, y copies the command", () => {
  expect(typed(["c"]).lines.at(-1)).toContain("mark two or more runs");
  const { effects, state } = typed(["space", "up", "space", "c", "y"]);
  expect(state.shared.marked).toEqual(["c3", "b2"]);
  expect(effects).toEqual([
    { do: "view", of: "compare", runs: ["c3", "b2"] },
    { do: "copy", text: "lor2c show b2" },
  ]);
});

test("stop and retry ask first, and only take runs for which they make sense", () => {
  expect(typed(["s"]).lines.at(-1)).toContain("stop merges=1 injections=0 seed=2 after the step?");
  expect(typed(["s", "n"]).effects).toEqual([]);
  expect(typed(["s", "y"]).effects).toEqual([{ do: "commands", list: [["stop", "c3", "--no-wait"]] }]);
  expect(typed(["r"]).lines.at(-1)).toContain("none of 1 run failed");
  expect(typed(["down", "r", "y"]).effects).toEqual([{ do: "start", words: ["retry", "d4"] }]);
});

test("tag and note take a text; escape gives up; a wrong one says why", () => {
  expect(typed(["t", ..."paper", "enter"]).effects).toEqual([{ do: "commands", list: [["tag", "paper", "c3"]] }]);
  expect(typed(["t", ..."two", "space", "w", "enter"]).lines.at(-1)).toContain("a tag is one word");
  expect(typed(["n", ..."ab", "backspace", "c", "enter"]).effects).toEqual([
    { do: "commands", list: [["note", "c3", "ac"]] },
  ]);
  // what begins with a hyphen would be an option, such as --clear, which takes the note away
  expect(typed(["n", ..."--clear", "enter"]).effects).toEqual([{ do: "commands", list: [["note", "c3", " --clear"]] }]);
  expect(typed(["t", ..."-x", "enter"]).lines.at(-1)).toContain("begins with a letter");
  expect(typed(["n", "x", "escape", "q"]).effects).toEqual([{ do: "quit" }]);
});

test("the runs can be filtered, sorted, grouped and folded", () => {
  const filtered = typed(["/", ..."seed=2", "enter"]);
  expect(filtered.lines[1]).toContain("/seed=2 (2)");
  expect(filtered.lines.filter((line) => line.includes("merges="))).toHaveLength(2);
  expect(typed(["/", ..."a=>1", "enter"]).lines.at(-1)).toContain("=> is no operator");
  expect(typed(["o"]).lines.slice(3, 5).join()).toMatch(/0\.7500.*~0\.6812/);
  const grouped = typed(["g", "g"]);
  expect(grouped.lines.join("\n")).toContain("▾ method.merges=0  (2 runs, 1 finished)");
  const folded = typed(["g", "g", "home", "left"]);
  expect(folded.lines.join("\n")).toContain("▸ method.merges=0  (2 runs, 1 finished)");
  expect(folded.lines.join("\n")).not.toContain("merges=0 seed=1");
});

test("a tag or a note is about the run for which it was begun, also if the cursor went on by itself", () => {
  const begun = typed(["t", "m"]).state;
  const runs = SOME_RUNS.map((run) => (run.id === "c3" ? { ...run, state: "finished" as const } : run));
  const later = environment(80, 24, screenData({ runs: [...runs, screenRun({ id: "f6", state: "running" })] }));
  expect(typed(["enter"], begun, later).effects).toEqual([{ do: "commands", list: [["tag", "m", "c3"]] }]);
});

test("what is highlighted is what keys act on: a filter takes the cursor along, a hidden run has none", () => {
  const filtered = typed(["/", ..."merges=0", "enter"]);
  expect(filtered.state.shared.selected).toBe("a1");
  expect(filtered.lines[1]).toContain("Runs 1/2");
  expect(typed(["enter"], filtered.state).effects).toEqual([{ do: "view", of: "run", runs: ["a1"] }]);
  // another pane has selected a run that the filter hides
  const hidden = { ...filtered.state, shared: { ...filtered.state.shared, selected: "e5" } };
  expect(typed([], hidden).lines[1]).toContain("Runs –/2");
  expect(typed(["down"], hidden).state.shared.selected).toBe("a1");
});

test("on the head of a group the keys are about its runs, and Enter folds it", () => {
  const head = typed(["g", "g", "home"]);
  expect(typed(["space"], head.state).state.shared.marked).toEqual(["a1", "d4"]);
  expect(typed(["space", "space"], head.state).state.shared.marked).toEqual([]);
  expect(typed(["t", "m", "enter"], head.state).effects).toEqual([
    { do: "commands", list: [["tag", "m", "a1", "d4"]] },
  ]);
  expect(typed(["n"], head.state).lines.at(-1)).toContain("a note is about one run");
  const folded = typed(["enter"], head.state);
  expect(folded.effects).toEqual([]);
  expect(folded.lines.join("\n")).toContain("▸ method.merges=0");
  expect(typed(["enter"], folded.state).lines.join("\n")).toContain("▾ method.merges=0");
});

test("y copies the command that was just done, then again that of the run", () => {
  const before: AppState = { ...initialState("runs", null), note: [{ text: "tagged" }], done: "lor2c tag m c3" };
  const { effects } = typed(["y", "y"], before);
  expect(effects).toEqual([
    { do: "copy", text: "lor2c tag m c3" },
    { do: "copy", text: "lor2c show c3" },
  ]);
});

test("m adds columns, by which o sorts; a wrong one says why", () => {
  const shown = typed(["m", ..."f1", "enter"]);
  expect(shown.lines[2]).toMatch(/label +accuracy +f1 +epoch/);
  expect(shown.lines[3]).toMatch(/✓ merges=0 seed=1 +0\.7500 +0\.7 +best e4/);
  const sorted = typed(["m", ..."f1", "enter", "O", ...Array.from({ length: 7 }, () => "o")]);
  expect(sorted.lines[1]).toContain("sort: f1");
  expect(sorted.lines[3]).toContain("merges=1 seed=1");
  expect(typed(["m", ..."nope", "enter"]).lines.at(-1)).toContain("nope is no column");
});

test("Ctrl-C while a text is typed gives it up", () => {
  expect(typed(["n", "x", "ctrl-c"]).state.prompt).toBeNull();
  expect(typed(["s", "ctrl-c"]).effects).toEqual([]);
});

test("help lists the keys of the pane and of the screen, scrolls where it is long, and other keys close it", () => {
  expect(typed(["?"]).lines.join("\n")).toMatch(/filter: words[\s\S]*pin it/);
  expect(typed(["?", "x"]).state.help).toBeNull();
  expect(typed(["?"]).lines[1]).toMatch(/▸Keys \(\d+ more lines\)/);
  expect(typed(["?"]).lines.join("\n")).not.toContain("this list");
  expect(typed(["?", "end"]).lines.join("\n")).toContain("this list");
  expect(typed(["?", "end", "home", "x"]).state.help).toBeNull();
});

test("thousands of runs are drawn, and the cursor stays in sight", () => {
  const runs = Array.from({ length: 5000 }, (_, i) => screenRun({ id: `r${i}`, label: `seed=${i}` }));
  const around = environment(100, 30, screenData({ runs }));
  const { lines } = typed(["end"], initialState("runs", null), around);
  expect(lines.join("\n")).toContain("seed=4999");
  expect(lines[1]).toContain("Runs 5000/5000");
  expect(typed(["end", "pageup", "home"], initialState("runs", null), around).lines.join("\n")).toContain("seed=0");
});

test("a label with control characters is escaped", () => {
  const runs = [{ ...(SOME_RUNS[0] as (typeof SOME_RUNS)[number]), label: "\u001b[31mred\u0007" }];
  const { lines } = typed(
    [],
    initialState("runs", null),
    environment(80, 24, screenData({ runs, title: "\u001b]0;x" })),
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
  expect(lines.join("")).not.toMatch(/[\u0000-\u001f]/);
});
