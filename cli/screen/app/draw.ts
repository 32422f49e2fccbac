/** The whole screen as lines. Pure, apart from what panes keep of unchanged data. */
import { plural } from "../../views/format.js";
import { clip } from "../../views/parts/fit.js";
import { oneLine } from "../../views/parts/visible.js";
import { type Drawn, frameOf } from "../frame.js";
import { headerLine } from "../header.js";
import { layout, type Place } from "../layout.js";
import { fitLine, type Line } from "../line.js";
import type { Pane } from "../pane.js";
import { contextOf, type Environment, shownPanes } from "./environment.js";
import { helpLines } from "./help.js";
import type { AppState } from "./state.js";

/** Rows above the panes. */
const TOP = 1;
/** A smaller terminal shows how far the job is, and no panes. */
const LEAST = { columns: 40, rows: 6 };

/** Exactly `size.rows` lines of exactly `size.columns`. */
export function drawScreen(state: AppState, environment: Environment): Line[] {
  const { size, data, now } = environment;
  const header = headerLine(data, environment.deviceWords(data.devices, now), size.columns);
  if (size.rows < LEAST.rows || size.columns < LEAST.columns) return small(header, environment);
  const bottom = bottomLine(state, environment);
  const over = overlayOf(state, environment);
  if (over) return frameOf([header], [over], bottom, size.columns, size.rows);
  const drawn = placesOf(state, environment).map((place) => drawPane(place, state, environment));
  return frameOf([header], drawn, bottom, size.columns, size.rows);
}

/** Where the panes stand now; keys need to know their sizes. */
export function placesOf(state: AppState, environment: Environment): Place[] {
  const { size } = environment;
  const wishes = shownPanes(environment).map((pane) => ({
    name: pane.name,
    least: pane.least(environment.data),
    wanted: (columns: number) => pane.wanted(contextOf(pane, state, environment), columns),
  }));
  return layout({ columns: size.columns, rows: size.rows - 1 }, TOP, wishes, state.focus, state.zoomed);
}

function drawPane(place: Place, state: AppState, environment: Environment): Drawn {
  const index = environment.panes.findIndex(({ name }) => name === place.name);
  const pane = environment.panes[index] as Pane;
  const context = contextOf(pane, state, environment);
  return {
    place,
    number: index + 1,
    title: pane.title(context),
    focused: state.focus === place.name,
    lines: pane.lines(context, { columns: place.columns, rows: place.rows - 1 }),
  };
}

function overlayOf({ overlay, help, focus }: AppState, environment: Environment): Drawn | null {
  const { size, panes } = environment;
  const place: Place = { name: focus, column: 0, row: TOP, columns: size.columns, rows: size.rows - TOP - 1 };
  const frame = { place, number: null, focused: true };
  const room = place.rows - 1;
  if (help !== null) {
    const pane = panes.find(({ name }) => name === focus);
    const all = helpLines(pane, environment, size.columns);
    return { ...frame, title: `Keys${moreText(all.length - help - room)}`, lines: all.slice(help, help + room) };
  }
  if (!overlay) return null;
  const lines = overlay.lines.slice(overlay.top, overlay.top + room);
  return {
    ...frame,
    title: `${oneLine(overlay.title)}${moreText(overlay.lines.length - overlay.top - room)}`,
    lines: lines.map((text) => [{ text: clip(text, size.columns) }]),
  };
}

const moreText = (count: number): string => (count > 0 ? ` (${plural(count, "more line")})` : "");

function bottomLine(state: AppState, environment: Environment): Line {
  const { size } = environment;
  const { prompt, question, note } = state;
  if (question) return [{ text: ` ${question.text}  y: yes, any other key: no`, role: "warn", bold: true }];
  if (prompt) {
    const problem = prompt.problem === null ? "" : `  ${oneLine(prompt.problem)}`;
    // The end of what is typed stays in sight.
    const room = size.columns - prompt.title.length - 4 - Math.min(problem.length, Math.floor(size.columns / 2));
    return [
      { text: ` ${prompt.title}: `, role: "accent", bold: true },
      { text: `${clip(prompt.text, Math.max(4, room), "start")}█` },
      { text: problem, role: "bad" },
    ];
  }
  if (note) return note;
  if (state.help !== null) return [{ text: " ↑↓ scroll  any other key: close", role: "dim" }];
  if (state.overlay) return [{ text: " Esc close  ↑↓ scroll  y copy the command", role: "dim" }];
  return hints(state, environment);
}

/** Keys of the screen in the order of the line, with what goes first where there is no room. */
const HINTS: readonly (readonly [key: string, text: string, rank: number])[] = [
  ["tab", "Tab pane", 2],
  ["", "↑↓ move", 3],
  ["space", "space mark", 9],
  ["enter", "↵ open", 4],
  ["s", "s stop", 6],
  ["r", "r retry", 7],
  ["c", "c compare", 10],
  ["t", "t tag", 11],
  ["n", "n note", 12],
  ["y", "y copy", 13],
  ["z", "z zoom", 8],
  ["?", "? keys", 1],
];

function hints(state: AppState, { panes, quit, size: { columns } }: Environment): Line {
  const pane = panes.find(({ name }) => name === state.focus);
  const own = new Set(pane?.keys.flatMap(({ keys }) => keys));
  own.delete("enter"); // the panes that take it open the run too
  const asked = (pane?.prompts ?? []).map(({ key, title }) => [`${key} ${title}`, 5] as const);
  // A key of the pane in focus means what it means there.
  const common = HINTS.filter(([key]) => !own.has(key)).map(([, text, rank]) => [text, rank] as const);
  const [first = [] as never, ...rest] = common;
  const all = [first, ...asked, ...rest, [`q ${quit}`, 0] as const];
  const ranks = new Set<number>();
  let room = columns - 1;
  for (const [text, rank] of [...all].sort((a, b) => a[1] - b[1])) {
    if (text.length + 2 > room) break;
    room -= text.length + 2;
    ranks.add(rank);
  }
  const shown = all.filter(([, rank]) => ranks.has(rank)).map(([text]) => text);
  return [{ text: ` ${shown.join("  ")}`, role: "dim" }];
}

function small(header: Line, { size }: Environment): Line[] {
  const lines: Line[] = [header, [{ text: "make the window larger to see more", role: "dim" }]];
  return Array.from({ length: size.rows }, (_, row) => fitLine(lines[row] ?? [], size.columns));
}
