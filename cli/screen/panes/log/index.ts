/** The end of the log, newest line at the bottom. */
import { formatCount } from "../../../views/format.js";
import { type Line, plain } from "../../line.js";
import type { Pane, PaneContext, PaneKey, Size } from "../../pane.js";
import { linesOf, onlyOf } from "./filter.js";
import { rowStyle, rowsOf } from "./rows.js";
import { bottomOf, newLines, scrolled } from "./scroll.js";
import { initial, type LogState } from "./state.js";

/** Rows that are enough beside other panes. */
const ROWS = 8;

export const logPane: Pane<LogState> = {
  name: "log",
  title,
  initial,
  shows: ({ log }) => log.length > 0,
  least: () => ({ columns: 30, rows: 1 }),
  wanted: () => ROWS,
  lines,
  keys: [
    { keys: ["e"], does: "only warnings and errors", press: change(({ problems }) => ({ problems: !problems })) },
    {
      keys: ["f"],
      does: "only lines about the selected run",
      press: change(({ selected }) => ({ selected: !selected })),
    },
    { keys: ["w"], does: "long lines whole or cut", press: change(({ wrap }) => ({ wrap: !wrap })) },
    { keys: ["up", "down"], does: "one row back or on", press: scroll },
    { keys: ["pageup", "pagedown"], does: "one page back or on", press: scroll },
    { keys: ["home", "end"], does: "the oldest line; the newest, and those that come", press: scroll },
  ],
};

function title(context: PaneContext<LogState>): string {
  const { state } = context;
  const only = onlyOf(context);
  const unseen = newLines(linesOf(context), state);
  return [
    "Log",
    ...(state.problems ? ["warnings and errors"] : []),
    ...(only === null ? [] : [`only ${only}`]),
    ...(state.back === null ? [] : [`${formatCount(unseen)} new below`]),
  ].join(" · ");
}

function lines(context: PaneContext<LogState>, size: Size): Line[] {
  const { state, data } = context;
  const shown = linesOf(context);
  if (shown.length === 0) return [plain(nothing(context), { role: "dim" })];
  const style = rowStyle(data.log, size.columns, state.wrap);
  const bottom = bottomOf(shown, state, style);
  const rows: Line[] = [];
  for (let index = bottom.index; index >= 0 && rows.length < size.rows; index--) {
    const line = shown[index];
    const all = line ? rowsOf(line, style) : [];
    rows.unshift(...(index === bottom.index ? all.slice(0, bottom.part + 1) : all));
  }
  return rows.slice(-size.rows);
}

function nothing(context: PaneContext<LogState>): string {
  const only = onlyOf(context);
  return `${context.state.problems ? "no warnings or errors" : "nothing"}${only === null ? "" : ` about ${only}`} yet`;
}

/** The row at the bottom stays, or the nearest one if a filter hides it. */
function change(to: (state: LogState) => Partial<LogState>): PaneKey<LogState>["press"] {
  return ({ state }) => ({ state: { ...state, ...to(state) } });
}

function scroll(context: PaneContext<LogState>, key: string, size: Size) {
  const page = Math.max(1, size.rows - 1);
  const by = { up: -1, down: 1, pageup: -page, pagedown: page, home: -Infinity, end: Infinity }[key] ?? 0;
  const style = rowStyle(context.data.log, size.columns, context.state.wrap);
  return { state: scrolled(linesOf(context), context.state, by, size.rows, style) };
}
