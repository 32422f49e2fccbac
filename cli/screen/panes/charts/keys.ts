import type { PaneContext, PaneKey, Pressed, Size } from "../../pane.js";
import { shownRun } from "../shown-run.js";
import { boxesOf, columnOf, epochAt } from "./layout.js";
import { legendRows } from "./legend.js";
import { modelOf, shownOf } from "./model.js";
import { type ChartsState, SMOOTHINGS } from "./state.js";

const STEPS: Readonly<Record<string, number>> = {
  ...{ "[": -1, "]": 1, "{": -10, "}": 10 },
  ...{ home: Number.NEGATIVE_INFINITY, end: Number.POSITIVE_INFINITY },
};

export const keys: readonly PaneKey<ChartsState>[] = [
  { keys: ["left", "right"], does: "other metric", press: otherMetric },
  { keys: ["up", "down"], does: "the run before or after", press: otherRun },
  { keys: ["m"], does: "one metric or several", press: change(({ single }) => ({ single: !single })) },
  { keys: ["l"], does: "logarithmic axis", press: change(({ log }) => ({ log: !log })) },
  {
    keys: ["s"],
    does: `smoothing: ${SMOOTHINGS.slice(1).join(", ")}, none`,
    press: change(({ smoothing }) => ({ smoothing: SMOOTHINGS[SMOOTHINGS.indexOf(smoothing) + 1] ?? SMOOTHINGS[0] })),
  },
  { keys: ["[", "]"], does: "cursor: values at an epoch", press: moveCursor },
  { keys: ["{", "}"], does: "cursor by ten columns", press: moveCursor },
  { keys: ["home", "end"], does: "cursor to the first or last epoch", press: moveCursor },
  {
    keys: ["escape"],
    does: "no cursor",
    press: ({ state }) => (state.cursor === null ? {} : { state: { ...state, cursor: null } }),
  },
];

function change(to: (state: ChartsState) => Partial<ChartsState>): PaneKey<ChartsState>["press"] {
  return ({ state }) => ({ state: { ...state, ...to(state) } });
}

function otherMetric(context: PaneContext<ChartsState>, key: string): Pressed<ChartsState> {
  const { metrics, chosen } = modelOf(shownOf(context), context.state);
  if (metrics.length < 2) return {};
  const next = metrics[(chosen + (key === "left" ? metrics.length - 1 : 1)) % metrics.length];
  return { state: { ...context.state, metric: next?.title ?? null } };
}

function otherRun({ data, shared }: PaneContext<ChartsState>, key: string): Pressed<ChartsState> {
  const shown = shownRun(data, shared);
  const next = shown && data.runs[data.runs.indexOf(shown) + (key === "up" ? -1 : 1)];
  return next ? { shared: { selected: next.id } } : {};
}

/** The first press shows the cursor at the last epoch. */
function moveCursor(context: PaneContext<ChartsState>, key: string, size: Size): Pressed<ChartsState> {
  const { state } = context;
  const model = modelOf(shownOf(context), state);
  const box = boxesOf(model, state, size, legendRows(model, size))[0];
  if (!box) return {};
  const last = box.plot.columns - 1;
  const at =
    state.cursor === null
      ? last + (key === "home" ? (STEPS.home ?? 0) : 0)
      : columnOf(box, state.cursor) + (STEPS[key] ?? 0);
  return { state: { ...state, cursor: epochAt(box, Math.min(last, Math.max(0, at))) } };
}
