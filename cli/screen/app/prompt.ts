/** Keys while a line of text is typed. Pure. */
import type { Key } from "../pane.js";
import { type After, after } from "./after.js";
import { contextOf, type Environment, paneNamed } from "./environment.js";
import type { AppState, OpenPrompt } from "./state.js";

interface Typed {
  key: Key;
  /** What it adds to the text; pasted text too. */
  text: string;
}

export function pressedInPrompt(state: AppState, prompt: OpenPrompt, typed: Typed, environment: Environment): After {
  const { key } = typed;
  if (key === "escape" || key === "ctrl-c") return { state: { ...state, prompt: null } };
  if (key === "enter") return entered(state, prompt, environment);
  const text = edited(prompt.text, typed);
  return text === null ? { state } : { state: { ...state, prompt: { ...prompt, text, problem: null } } };
}

/** Null if the key changes nothing. */
function edited(text: string, { key, text: more }: Typed): string | null {
  if (key === "backspace" || key === "delete") return [...text].slice(0, -1).join("");
  if (key === "ctrl-u") return "";
  if (key === "ctrl-w") return text.replace(/\S*\s*$/u, "");
  return more === "" ? null : text + more.replace(/\s+/g, " ");
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
  const { runs } = owner;
  const said = text.trim();
  if (said === "") return { state: closed };
  // A text that begins with a hyphen would be read as an option; the blank before it is not stored.
  const word = said.startsWith("-") ? ` ${said}` : said;
  if (owner.screen === "note") {
    return { state: closed, effect: { do: "commands", list: runs.map((run) => ["note", run, word]) } };
  }
  if (/\s/.test(said)) return refused("a tag is one word");
  if (said.startsWith("-")) return refused("a tag begins with a letter or a digit");
  return { state: closed, effect: { do: "commands", list: [["tag", said, ...runs]] } };
}
