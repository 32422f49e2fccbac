import { expect, test } from "vitest";
import type { AlertRow } from "../../../store/read.js";
import { noSource, SOME_RUNS, screenData } from "../../fixtures/data.js";
import { lineWidth, textOf } from "../../line.js";
import type { PaneContext, Shared } from "../../pane.js";
import { type AlertsState, alertsPane } from "./index.js";

const at = (second: number): string => new Date(2026, 10, 28, 12, 0, second).toISOString();

const alert = (id: number, of: Partial<AlertRow> = {}): AlertRow => ({
  ...{ id, run: "a1", label: "merges=0 seed=1", model: "tiny", task: "mrpc", method: "lora", seed: 1, attempt: 1 },
  ...{ kind: "plateau", level: "info", message: "accuracy has not improved over the last 10 evaluations" },
  ...{ step: 10, epoch: 1, at: at(id), ...of },
});

/** Newest first. */
const SOME = [
  alert(4, {
    ...{ run: "d4", label: "merges=1 seed=1", kind: "not_finite", level: "error" },
    message: "loss NaN at step 1,204 \u001b[2J\nmore",
  }),
  alert(3, { run: "c3", label: "merges=1 seed=2", kind: "silent", level: "warn", message: "the worker says nothing" }),
  alert(2),
];

const contextOf = (alerts: readonly AlertRow[], state: AlertsState = { chosen: null }): PaneContext<AlertsState> => ({
  ...{ data: screenData({ runs: SOME_RUNS, alerts }), source: noSource, state },
  ...{ shared: { selected: null, marked: [], pinned: [] }, look: { depth: 24, dark: true, ascii: false }, now: 0 },
});

function draw(context: PaneContext<AlertsState>, columns: number, rows: number): string[] {
  const lines = alertsPane.lines(context, { columns, rows });
  for (const line of lines) expect(lineWidth(line)).toBeLessThanOrEqual(columns);
  return lines.map((line) => textOf(line).trimEnd());
}

function press(context: PaneContext<AlertsState>, ...keys: string[]) {
  let shared: Partial<Shared> = {};
  let { state } = context;
  for (const key of keys) {
    const found = alertsPane.keys.find((entry) => entry.keys.includes(key));
    const pressed = found?.press({ ...context, state }, key, { columns: 80, rows: 3 });
    state = pressed?.state ?? state;
    shared = { ...shared, ...pressed?.shared };
  }
  return { context: { ...context, state }, shared };
}

const chosen = (context: PaneContext<AlertsState>, rows = 3) =>
  alertsPane
    .lines(context, { columns: 80, rows })
    .filter((line) => line.some(({ role }) => role === "selected"))
    .map((line) => textOf(line).slice(0, 8));

test("newest first, with time, level, run, kind and message; nothing of the data moves the cursor", () => {
  expect(draw(contextOf(SOME), 100, 5)).toEqual([
    "12:00:04 ✗ merges=1 seed=1 not finite: loss NaN at step 1,204 \\u001b[2J more",
    "12:00:03 ! merges=1 seed=2 silent: the worker says nothing",
    "12:00:02 i merges=0 seed=1 plateau: accuracy has not improved over the last 10 evaluations",
  ]);
  expect(draw(contextOf(SOME), 48, 2)).toEqual([
    "12:00:04 ✗ m=1 s=1 not finite: loss NaN at step…",
    "12:00:03 ! m=1 s=2 silent: the worker says noth…",
  ]);
  expect(draw(contextOf([]), 40, 2)).toEqual(["no alerts"]);
  expect(alertsPane.title(contextOf(SOME))).toBe("Alerts · 1 error · 1 warning");
});

test("up and down choose an alert, and enter selects its run", () => {
  const context = contextOf(SOME);
  expect(chosen(context)).toEqual(["12:00:04"]);
  expect(press(context, "enter").shared).toEqual({ selected: "d4" });
  const moved = press(context, "down", "down", "down");
  expect(chosen(moved.context)).toEqual(["12:00:02"]);
  expect(chosen(moved.context, 1)).toEqual(["12:00:02"]);
  expect(press(moved.context, "up", "enter").shared).toEqual({ selected: "c3" });
  expect(press(contextOf([alert(1, { run: "gone" })]), "enter").shared).toEqual({});
  expect(press(contextOf([]), "down", "enter").shared).toEqual({});
});

test("the chosen alert stays when newer ones come; the newest is followed", () => {
  const newer = [alert(9), ...SOME];
  const { context } = press(contextOf(SOME), "down");
  expect(chosen({ ...contextOf(newer), state: context.state })).toEqual(["12:00:03"]);
  expect(chosen(contextOf(newer))).toEqual(["12:00:09"]);
  expect(chosen(contextOf(SOME.slice(2), context.state))).toEqual(["12:00:02"]); // it is gone
});
