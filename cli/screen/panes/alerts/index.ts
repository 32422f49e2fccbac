/** What deserves a look, newest first; enter goes to the run. */
import type { AlertRow } from "../../../store/read.js";
import { formatCount } from "../../../views/format.js";
import type { Key, Pane, PaneContext, Pressed, Size } from "../../pane.js";
import { alertRows } from "./rows.js";

export interface AlertsState {
  /** The chosen alert; null: the newest, also when others come. */
  chosen: string | null;
}

type Context = PaneContext<AlertsState>;

/** Rows that are enough beside other panes. */
const ROWS = 5;

/** The id alone would not do: that of a deleted alert is used again. */
const keyOf = ({ id, run, at }: AlertRow): string => `${id} ${run} ${at}`;

export const alertsPane: Pane<AlertsState> = {
  name: "alerts",
  initial: { chosen: null },
  title: ({ data: { alerts } }) =>
    ["Alerts", ...(["error", "warn"] as const).flatMap((level) => countOf(alerts, level))].join(" · "),
  shows: ({ alerts }) => alerts.length > 0,
  least: () => ({ columns: 30, rows: 1 }),
  wanted: ({ data }) => Math.min(ROWS, data.alerts.length),
  lines,
  keys: [
    { keys: ["up", "down"], does: "newer, older", press: (c, key) => step(c, key === "up" ? -1 : 1) },
    { keys: ["pageup", "pagedown"], does: "one page newer, older", press: page },
    { keys: ["home", "end"], does: "newest, oldest", press: (c, key) => step(c, key === "home" ? -1e9 : 1e9) },
    { keys: ["enter"], does: "select its run; once more: open it", press: select },
  ],
};

function countOf(alerts: readonly AlertRow[], level: AlertRow["level"]): string[] {
  const count = alerts.filter((alert) => alert.level === level).length;
  const word = level === "warn" ? "warning" : level;
  return count === 0 ? [] : [`${formatCount(count)} ${count === 1 ? word : `${word}s`}`];
}

function cursorOf({ data, state }: Context): number {
  return state.chosen === null
    ? 0
    : Math.max(
        0,
        data.alerts.findIndex((alert) => keyOf(alert) === state.chosen),
      );
}

function lines(context: Context, { columns, rows }: Size) {
  const { alerts } = context.data;
  if (alerts.length === 0) return [[{ text: "no alerts", role: "dim" as const }]];
  const cursor = cursorOf(context);
  const top = Math.max(0, Math.min(cursor - Math.floor((rows - 1) / 2), alerts.length - rows));
  // The width of the labels is that of the lines shown: thousands of others need no look.
  return alertRows(alerts.slice(top, top + rows), cursor - top, columns);
}

function step(context: Context, by: number): Pressed<AlertsState> {
  const { alerts } = context.data;
  const to = Math.max(0, Math.min(alerts.length - 1, cursorOf(context) + by));
  const alert = alerts[to];
  return { state: { chosen: to === 0 || alert === undefined ? null : keyOf(alert) } };
}

function page(context: Context, key: Key, { rows }: Size): Pressed<AlertsState> {
  return step(context, (key === "pageup" ? -1 : 1) * Math.max(1, rows - 1));
}

function select(context: Context): Pressed<AlertsState> {
  const alert = context.data.alerts[cursorOf(context)];
  if (!alert || alert.run === context.shared.selected) return {};
  return context.data.runs.some(({ id }) => id === alert.run) ? { shared: { selected: alert.run } } : {};
}
