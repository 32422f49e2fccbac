/** What a key does: the state after it, and what is to happen outside of the screen. Pure. */
import { plural } from "../../views/format.js";
import { clip } from "../../views/parts/fit.js";
import { oneLine } from "../../views/parts/visible.js";
import type { Key, Pane, Size } from "../pane.js";
import { type After, after } from "./after.js";
import { commandText } from "./command-text.js";
import { placesOf } from "./draw.js";
import { contextOf, type Environment, resolved, shownPanes } from "./environment.js";
import { helpLines } from "./help.js";
import { pressedInPrompt } from "./prompt.js";
import type { AppState, Effect } from "./state.js";

/** `text`: what the key adds to a text that is typed. */
export function press(before: AppState, key: Key, environment: Environment, text = ""): After {
  const state = before.note === null ? before : { ...before, note: null, done: null };
  if (state.question) {
    const closed = { ...state, question: null };
    return key === "y" ? { state: closed, effect: state.question.effect } : { state: closed };
  }
  if (state.prompt) return pressedInPrompt(state, state.prompt, { key, text }, environment);
  if (state.help !== null) {
    const { length } = helpLines(focused(state, environment), environment, environment.size.columns);
    return { state: { ...state, help: scrolled(state.help, length, key, environment.size) } };
  }
  if (state.overlay) return inOverlay(state, key, environment.size);
  if (key === "y" && before.done !== null) return { state, effect: { do: "copy", text: before.done } };
  return inPane(state, key, environment) ?? everywhere(state, key, environment);
}

/** The first line shown of a text over the panes; null: the key is not one that scrolls. */
function scrolled(top: number, count: number, key: Key, { rows }: Size): number | null {
  const page = Math.max(1, rows - 3); // without the first line, the title and the last line
  const steps: Record<Key, number> = {
    ...{ up: -1, k: -1, down: 1, j: 1, pageup: -page, pagedown: page, space: page },
    ...{ home: -count, end: count },
  };
  const by = steps[key];
  return by === undefined ? null : Math.max(0, Math.min(count - page, top + by));
}

function inOverlay(state: AppState, key: Key, size: Size): After {
  const { overlay } = state;
  if (!overlay) return { state };
  const top = scrolled(overlay.top, overlay.lines.length, key, size);
  if (top !== null) return { state: { ...state, overlay: { ...overlay, top } } };
  if (key === "y") return { state, effect: { do: "copy", text: commandText(overlay.words) } };
  return key === "escape" || key === "q" || key === "enter" ? { state: { ...state, overlay: null } } : { state };
}

function focused(state: AppState, environment: Environment): Pane | undefined {
  const shown = shownPanes(environment);
  return shown.find(({ name }) => name === state.focus) ?? shown[0];
}

function inPane(state: AppState, key: Key, environment: Environment): After | null {
  const pane = focused(state, environment);
  if (!pane) return null;
  const prompt = pane.prompts?.find((entry) => entry.key === key);
  if (prompt) {
    const text = prompt.text(contextOf(pane, state, environment));
    const owner = { pane: pane.name, key };
    return { state: { ...state, prompt: { title: prompt.title, text, problem: null, owner } } };
  }
  const found = pane.keys.find(({ keys }) => keys.includes(key));
  if (!found) return null;
  const place = placesOf(state, environment).find(({ name }) => name === pane.name);
  const size = { columns: place?.columns ?? environment.size.columns, rows: Math.max(1, (place?.rows ?? 2) - 1) };
  const pressed = found.press(contextOf(pane, state, environment), key, size);
  if ((key === "escape" || key === "enter") && !pressed.state && !pressed.shared) return null;
  return { state: after(state, pane, pressed) };
}

function everywhere(state: AppState, key: Key, environment: Environment): After {
  const shared = resolved(state.shared, environment.data);
  const { selected, marked } = shared;
  const under = runsUnder(state, environment);
  const targets = marked.length > 0 ? marked : under;
  switch (key) {
    case "q":
      return { state, effect: { do: "quit" } };
    case "?":
      return { state: { ...state, help: 0 } };
    case "tab":
    case "shift-tab":
      return { state: { ...state, focus: nextFocus(state, key === "tab" ? 1 : -1, environment) } };
    case "z":
      return { state: { ...state, zoomed: !state.zoomed } };
    case "escape":
      return { state: state.zoomed ? { ...state, zoomed: false } : { ...state, shared: { ...shared, marked: [] } } };
    case "space":
      return { state: { ...state, shared: { ...shared, marked: toggled(marked, under) } } };
    case "P":
      return { state: { ...state, shared: { ...shared, pinned: toggled(shared.pinned, under) } } };
    case "enter":
      return selected === null ? { state } : { state, effect: { do: "view", of: "run", runs: [selected] } };
    case "c":
      if (marked.length >= 2) return { state, effect: { do: "view", of: "compare", runs: marked } };
      return told(state, "mark two or more runs with space, then c compares them");
    case "t":
      return { state: asked(state, "tag", targets, environment) };
    case "n":
      if (under.length === 1) return { state: asked(state, "note", under, environment) };
      return told(state, "a note is about one run: move to it");
    case "s":
      return question(state, environment, targets, STOPPABLE, "stop", "is in training");
    case "r":
      return question(state, environment, targets, RETRIABLE, "retry", "failed, was lost or was stopped");
    case "y":
      return selected === null ? { state } : { state, effect: { do: "copy", text: commandText(["show", selected]) } };
    default:
      return numbered(state, key, environment);
  }
}

function numbered(state: AppState, key: Key, { panes, data }: Environment): After {
  const pane = /^[1-9]$/.test(key) ? panes[Number(key) - 1] : undefined;
  if (!pane) return { state };
  return pane.shows(data)
    ? { state: { ...state, focus: pane.name } }
    : told(state, `${pane.name}: nothing to show yet`);
}

function nextFocus(state: AppState, by: number, environment: Environment) {
  const shown = shownPanes(environment).map(({ name }) => name);
  const at = shown.indexOf(state.focus);
  return shown[(at + by + shown.length) % shown.length] ?? state.focus;
}

/** The selected run, or those of the group under the cursor. */
function runsUnder(state: AppState, environment: Environment): readonly string[] {
  const pane = focused(state, environment);
  const own = pane?.under?.(contextOf(pane, state, environment));
  const { selected } = resolved(state.shared, environment.data);
  return own ?? (selected === null ? [] : [selected]);
}

/** Takes the runs out if all are in the list, else adds the others. */
function toggled(list: readonly string[], runs: readonly string[]): readonly string[] {
  const missing = runs.filter((run) => !list.includes(run));
  return missing.length > 0 ? [...list, ...missing] : list.filter((id) => !runs.includes(id));
}

const told = (state: AppState, text: string): After => ({
  state: { ...state, note: [{ text: ` ${text}`, role: "warn" }] },
});

/** About the runs of now: while the user types, the cursor may go to another one by itself. */
function asked(state: AppState, what: "tag" | "note", runs: readonly string[], { data }: Environment): AppState {
  if (runs.length === 0) return state;
  const label = runs.length === 1 ? data.runs.find(({ id }) => id === runs[0])?.label : undefined;
  const whom = label === undefined ? plural(runs.length, "run") : clip(oneLine(label), LONGEST_NAME);
  const title = `${what === "tag" ? "tag for" : "note about"} ${whom}`;
  return { ...state, prompt: { title, text: "", problem: null, owner: { screen: what, runs } } };
}

/** Columns of a run's name before what is typed about it. */
const LONGEST_NAME = 40;

const STOPPABLE = new Set(["running", "elsewhere"]);
const RETRIABLE = new Set(["failed", "out_of_memory", "lost", "stopped"]);

/** Asks before it stops or trains anything. Only runs for which it makes sense. */
function question(
  state: AppState,
  { data }: Environment,
  targets: readonly string[],
  states: ReadonlySet<string>,
  verb: "stop" | "retry",
  needed: string,
): After {
  const wanted = new Set(targets);
  const fit = data.runs.filter((run) => wanted.has(run.id) && states.has(run.state));
  if (fit.length === 0) return told(state, `${verb}: none of ${plural(targets.length, "run")} ${needed}`);
  const what = fit.length === 1 ? oneLine(fit[0]?.label ?? "") : plural(fit.length, "run");
  const ids = fit.map(({ id }) => id);
  const effect: Effect =
    verb === "retry"
      ? { do: "start", words: [verb, ...ids] }
      : { do: "commands", list: ids.map((id) => [verb, id, "--no-wait"]) };
  const how = verb === "stop" ? "after the step" : "in a process of its own";
  return { state: { ...state, question: { text: `${verb} ${what} ${how}?`, effect } } };
}
