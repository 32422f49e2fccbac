/** What drawing and keys need besides the state: data, panes and the terminal. */
import type { DeviceReading, ScreenData, ScreenRun, ScreenSource } from "../data.js";
import type { Look, Pane, PaneContext, PaneName, Shared, Size } from "../pane.js";
import type { AppState } from "./state.js";

export interface Environment {
  data: ScreenData;
  source: Pick<ScreenSource, "timeline" | "curves" | "matching" | "columns">;
  panes: readonly Pane[];
  /** What the devices do, for the first line. */
  deviceWords(devices: readonly DeviceReading[], now: number): string;
  look: Look;
  size: Size;
  /** Milliseconds of the clock. */
  now: number;
  /** What a quit means here: `watch` ends, the job of `run` goes on without a screen. */
  quit: string;
}

export const paneNamed = (panes: readonly Pane[], name: PaneName): Pane | undefined =>
  panes.find((pane) => pane.name === name);

/** Panes that have something to show now, in the order of their numbers. */
export const shownPanes = ({ panes, data }: Pick<Environment, "panes" | "data">): Pane[] =>
  panes.filter((pane) => pane.shows(data));

/** The shared state with a run under the cursor wherever there is one: until the user chooses, one in training. */
export function resolved(shared: Shared, { runs }: ScreenData): Shared {
  if (shared.selected !== null && known(runs).has(shared.selected)) return shared;
  const first = runs.find(({ state }) => state === "running") ?? runs[0];
  return { ...shared, selected: first?.id ?? null };
}

/** One set for all the frames of the same runs. */
const sets = new WeakMap<readonly ScreenRun[], ReadonlySet<string>>();

function known(runs: readonly ScreenRun[]): ReadonlySet<string> {
  const there = sets.get(runs);
  if (there) return there;
  const made = new Set(runs.map(({ id }) => id));
  sets.set(runs, made);
  return made;
}

export function contextOf(pane: Pane, state: AppState, { data, source, look, now }: Environment): PaneContext<unknown> {
  return {
    ...{ data, source, look, now },
    shared: resolved(state.shared, data),
    state: state.panes[pane.name] ?? pane.initial,
  };
}
