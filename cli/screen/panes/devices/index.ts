/** What the devices do: a line for each, with its utilisation over the last minutes. */
import type { Pane, PaneContext, Pressed, Size } from "../../pane.js";
import { History, KEPT } from "./history.js";
import { deviceRows } from "./rows.js";

export interface DevicesState {
  /** The first device shown. */
  top: number;
}

/** `history` gets the readings of every picture of the screen, also while the pane has no room. */
export function makeDevicesPane(history = new History()): Pane<DevicesState> {
  return {
    name: "devices",
    initial: { top: 0 },
    title: ({ data, state }) =>
      [
        "Devices",
        `last ${KEPT / 60_000} min`,
        ...(state.top > 0 ? [`from ${topOf(data.devices.length, state) + 1}`] : []),
      ].join(" · "),
    shows({ devices }) {
      history.see(devices);
      return devices.length > 0;
    },
    least: () => ({ columns: 24, rows: 1 }),
    wanted: ({ data }) => data.devices.length,
    lines({ data, state, now }, { columns, rows }) {
      if (data.devices.length === 0) return [[{ text: "no device has reported yet", role: "dim" }]];
      const all = deviceRows(data.devices, history, now, columns);
      const top = Math.min(topOf(all.length, state), Math.max(0, all.length - rows));
      const below = all.length - top - rows;
      if (below <= 0 || rows < 2) return all.slice(top, top + rows);
      return [...all.slice(top, top + rows - 1), [{ text: `${below + 1} more below`, role: "dim" }]];
    },
    keys: [{ keys: ["up", "down"], does: "one device back or on", press: scroll }],
  };
}

export const devicesPane = makeDevicesPane();

const topOf = (count: number, { top }: DevicesState): number => Math.max(0, Math.min(top, count - 1));

function scroll({ data, state }: PaneContext<DevicesState>, key: string, { rows }: Size): Pressed<DevicesState> {
  const last = Math.max(0, data.devices.length - rows);
  const now = Math.min(topOf(data.devices.length, state), last);
  return { state: { top: Math.max(0, Math.min(last, now + (key === "up" ? -1 : 1))) } };
}
