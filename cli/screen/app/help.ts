/** The list of keys. Pure. */
import type { Line } from "../line.js";
import type { Pane } from "../pane.js";
import type { Environment } from "./environment.js";

/** Keys of the screen in the order of the list: the text between the key and what it does is the same everywhere. */
const SCREEN_KEYS: readonly (readonly [keys: string, does: string])[] = [
  ["Tab, Shift-Tab, 1 to 7", "move the focus to another pane"],
  ["z", "zoom: the pane in focus fills the screen"],
  ["space", "mark the run under the cursor, or take the mark away"],
  ["P", "pin it: it stays in the charts and on top of the runs"],
  ["Enter", "open the run: settings, scores, files"],
  ["c", "compare the marked runs"],
  ["t", "tag the marked runs, or the run under the cursor"],
  ["n", "write a note about the run under the cursor, in place of an earlier one"],
  ["s", "stop the marked runs, or the run under the cursor, after the step"],
  ["r", "train failed, lost and stopped ones again, in a process of its own"],
  ["y", "copy the command of what was just done or is open, else that which shows the run"],
  ["Esc", "close; zoom back; take all marks away"],
  ["?", "this list"],
];

export function helpLines(pane: Pane | undefined, { quit }: Pick<Environment, "quit">, columns: number): Line[] {
  const own = (pane?.keys ?? []).map(({ keys, does }) => [keys.map(keyName).join(", "), does] as const);
  const asked = (pane?.prompts ?? []).map(({ key, does }) => [keyName(key), does] as const);
  const interrupt = [
    "Ctrl-C",
    "as without a screen: the first stops the job after its step, the second kills it",
  ] as const;
  // A key of the pane means what it means there.
  const taken = new Set([...own, ...asked].map(([keys]) => keys));
  const rest = [
    ...SCREEN_KEYS.filter(([keys]) => !taken.has(keys)),
    ["q", quit] as const,
    ...(quit === "quit" ? [] : [interrupt]),
  ];
  const line = ([keys, does]: readonly [string, string]): Line => [
    { text: ` ${keys.padEnd(24)}`, role: "accent" },
    { text: does },
  ];
  const head = (text: string): Line => [{ text: ` ${text}`, bold: true }];
  const left = [head(`in the pane ${pane?.name ?? ""}`), ...[...own, ...asked].map(line)];
  const right = [head("everywhere"), ...rest.map(line)];
  if (columns < 150) return [...left, [], ...right];
  return Array.from({ length: Math.max(left.length, right.length) }, (_, row) =>
    beside(left[row], right[row], columns),
  );
}

function beside(left: Line = [], right: Line = [], columns: number): Line {
  const half = Math.floor(columns / 2);
  const width = left.reduce((sum, { text }) => sum + text.length, 0);
  return [...left, { text: " ".repeat(Math.max(1, half - width)) }, ...right];
}

const NAMES: Record<string, string> = { up: "↑", down: "↓", left: "←", right: "→", enter: "Enter" };
const keyName = (key: string): string => NAMES[key] ?? key;
