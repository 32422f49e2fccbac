/** What the user has done to the screen: where the focus is, what is marked, what is open. Plain data. */
import type { Line } from "../line.js";
import type { Key, PaneName, Shared } from "../pane.js";

/** Something outside of the screen that a key asks for. Every one but `quit` and `view` is a command of `lor2c` too. */
export type Effect =
  | { do: "quit" }
  /** Runs commands, one after the other, and shows what the last one says in a line. */
  | { do: "commands"; list: readonly (readonly string[])[] }
  /** Starts a command that goes on without the screen. */
  | { do: "start"; words: readonly string[] }
  /** Opens a text over the panes. */
  | { do: "view"; of: "run" | "compare"; runs: readonly string[] }
  | { do: "copy"; text: string };

/** A text over the panes that can be scrolled. */
export interface Overlay {
  title: string;
  lines: readonly string[];
  top: number;
  /** Prints the same outside of the screen. */
  words: readonly string[];
}

/** A line of text that is being typed. */
export interface OpenPrompt {
  title: string;
  text: string;
  problem: string | null;
  /** Whose it is: that of a pane by its key, or one of the screen's own. */
  owner: { pane: PaneName; key: Key } | { screen: "tag" | "note"; runs: readonly string[] };
}

/** Waits for `y`; any other key is a no. */
interface Question {
  text: string;
  effect: Effect;
}

export interface AppState {
  shared: Shared;
  focus: PaneName;
  zoomed: boolean;
  /** The first line shown of the list of keys; null: it is closed. */
  help: number | null;
  overlay: Overlay | null;
  prompt: OpenPrompt | null;
  question: Question | null;
  /** The last thing that the screen has to say; goes with the next key. */
  note: Line | null;
  /** The command that the note tells of. */
  done: string | null;
  /** What each pane keeps for itself; absent: its initial state. */
  panes: Readonly<Partial<Record<PaneName, unknown>>>;
}

export const initialState = (focus: PaneName, selected: string | null): AppState => ({
  shared: { selected, marked: [], pinned: [] },
  focus,
  zoomed: false,
  help: null,
  overlay: null,
  prompt: null,
  question: null,
  note: null,
  done: null,
  panes: {},
});
