import type { Pane, Pressed } from "../pane.js";
import type { AppState, Effect } from "./state.js";

/** What a key leads to. */
export interface After {
  state: AppState;
  effect?: Effect | undefined;
}

/** The state after a pane has changed something. */
export function after(state: AppState, pane: Pane, { state: own, shared }: Pressed<unknown>): AppState {
  return {
    ...state,
    ...(own === undefined ? {} : { panes: { ...state.panes, [pane.name]: own } }),
    ...(shared === undefined ? {} : { shared: { ...state.shared, ...shared } }),
  };
}
