/** Keys while a line of text is typed. Pure. */
import type { Key } from "../pane.js";
import { type After, after } from "./after.js";
import { contextOf, type Environment, paneNamed, resolved } from "./environment.js";
import type { AppState, OpenPrompt } from "./state.js";

export function pressedInPrompt(state: AppState, prompt: OpenPrompt, key: Key, environment: Environment): After {
  if (key === "escape") return { state: { ...state, prompt: null } };
  if (key === "enter") return entered(state, prompt, environment);
  const text = edited(prompt.text, key);
  return text === null ? { state } : { state: { ...state, prompt: { ...prompt, text, problem: null } } };
}

/** Null if the key changes nothing. */
function edited(text: string, key: Key): string | null {
  if (key === "backspace" || key === "delete") return [...text].slice(0, -1).join("");
  if (key === "ctrl-u") return "";
  if (key === "ctrl-w") return text.replace(/\S*\s*$/u, "");
  if (key === "space") return `${text} `;
  // Every other key that is no character has a name of several letters.
  return [...key].length === 1 ? text + key : null;
}

function entered(state: AppState, prompt: OpenPrompt, environment: Environment): After {
  const { owner, text } = prompt;
  const closed = { ...state, prompt: null };
  const refused = (problem: string): After => ({ state: { ...state, prompt: { ...prompt, problem } } });
  if ("pane" in owner) {
    const pane = paneNamed(environment.panes, owner.pane);
    const found = pane?.prompts?.find(({ key }) => key === owner.key);
    if (!pane || !found) return { state: closed };
    const done = found.done(contextOf(pane, state, environment), text);
    return "problem" in done ? refused(done.problem) : { state: after(closed, pane, done) };
  }
  const { selected, marked } = resolved(state.shared, environment.data);
  if (text.trim() === "") return { state: closed };
  const runs = marked.length > 0 ? marked : selected === null ? [] : [selected];
  if (runs.length === 0) return { state: closed };
  if (owner.screen === "note") {
    return { state: closed, effect: { do: "commands", list: [["note", selected ?? runs[0] ?? "", text]] } };
  }
  if (/\s/.test(text.trim())) return refused("a tag is one word");
  return { state: closed, effect: { do: "commands", list: [["tag", text.trim(), ...runs]] } };
}
