/** A part of the full screen. A pane is a file or folder of `panes/` and a line in `panes/index.ts`. */
import type { ColourDepth } from "../views/terminal.js";
import type { ScreenData, ScreenSource } from "./data.js";
import type { Line } from "./line.js";

export type PaneName = "grid" | "structure" | "runs" | "charts" | "log" | "devices" | "alerts";

export interface Size {
  columns: number;
  rows: number;
}

/** How the terminal shows things. */
export interface Look {
  depth: ColourDepth;
  /** Whether its background is dark. */
  dark: boolean;
  /** Only ASCII characters. */
  ascii: boolean;
}

/** What all panes share. */
export interface Shared {
  /** The run under the cursor; null if there is none. */
  selected: string | null;
  /** Marked for `compare` and other commands on several runs. */
  marked: readonly string[];
  /** Stay in the charts and on top of the runs, whatever is selected. */
  pinned: readonly string[];
}

export interface PaneContext<State> {
  data: ScreenData;
  source: Pick<ScreenSource, "timeline" | "curves" | "matching" | "columns">;
  shared: Shared;
  state: State;
  look: Look;
  /** Milliseconds of the clock. */
  now: number;
}

/** A key as Ink names it: a character, or `up`, `down`, `left`, `right`, `enter`, `escape`, `pageup`, `pagedown`, ... */
export type Key = string;

/** What a key changes. Absent: stays. */
export interface Pressed<State> {
  state?: State;
  shared?: Partial<Shared>;
}

export interface PaneKey<State> {
  keys: readonly Key[];
  /** For the list of keys, in a few words. */
  does: string;
  /** `enter` and `escape` that change nothing are left to the screen, which opens the run, and closes. */
  press(context: PaneContext<State>, key: Key, size: Size): Pressed<State>;
}

/** A line of text that the pane asks for, such as a filter. */
interface PanePrompt<State> {
  /** The key that opens it. */
  key: Key;
  does: string;
  /** What stands before the text. */
  title: string;
  text(context: PaneContext<State>): string;
  /** The text was entered. A problem keeps the prompt open. */
  done(context: PaneContext<State>, text: string): Pressed<State> | { problem: string };
}

/** Pure, apart from what it reads through `source`. Draws only what fits: the caller cuts the rest. */
export interface Pane<State = unknown> {
  name: PaneName;
  /** In the frame; short, may say how the pane is sorted or filtered. */
  title(context: PaneContext<State>): string;
  initial: State;
  /** Whether there is anything to show. */
  shows(data: ScreenData): boolean;
  /** The least size (without a frame) at which it says something. */
  least(data: ScreenData): Size;
  /** Rows that it would fill, with so many columns. */
  wanted(context: PaneContext<State>, columns: number): number;
  /** At most `size.rows` lines of at most `size.columns`. */
  lines(context: PaneContext<State>, size: Size): Line[];
  /** Ids of the runs under the cursor, if that is not just the selected one. */
  under?(context: PaneContext<State>): readonly string[] | null;
  keys: readonly PaneKey<State>[];
  prompts?: readonly PanePrompt<State>[];
}
