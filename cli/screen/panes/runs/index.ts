/** The runs pane: every run with its progress and score, in groups, filtered and sorted; its cursor selects a run. */

import { namesApart, sharedWords, withoutWords } from "../../../views/parts/names-apart.js";
import { textWidth } from "../../../views/parts/text-width.js";
import { oneLine } from "../../../views/parts/visible.js";
import type { RunColumn, ScreenRun } from "../../data.js";
import type { Line } from "../../line.js";
import type { Key, Pane, PaneContext, Pressed, Size } from "../../pane.js";
import { columnsFor, headLine, isWeak, rowLine } from "./row-line.js";
import { type Arrangement, groupKeys, type Row, rowsOf, SORTS } from "./rows.js";

export interface RunsState extends Arrangement {
  filter: string;
  /** Further columns, as in `compare --columns`; empty: none. */
  columns: string;
  /** The first row shown. */
  top: number;
  /** The group under the cursor; null: the cursor is on the selected run. */
  onGroup: string | null;
}

type Context = PaneContext<RunsState>;

const INITIAL: RunsState = {
  ...{ sort: "order", reversed: false, group: null, folded: [] },
  ...{ filter: "", columns: "", top: 0, onGroup: null },
};

export const runsPane: Pane<RunsState> = {
  name: "runs",
  initial: INITIAL,
  shows: () => true,
  least: () => ({ columns: 24, rows: 2 }),
  wanted: (context) => arranged(context).rows.length + HEAD + (isFooted(FOOTED_FROM, belowOf(context)) ? 1 : 0),
  title(context) {
    const { state } = context;
    const { rows, runs, problem } = arranged(context);
    const parts = [
      `Runs ${cursorAt(context, rows) + 1 || "–"}/${rows.length}`,
      state.sort === "order" && !state.reversed
        ? null
        : `sort: ${sortName(context)}${state.reversed ? " reversed" : ""}`,
      state.group === null ? null : `by ${state.group}`,
      state.filter === "" ? null : `/${state.filter} (${problem ?? runs.length})`,
    ];
    return parts.flatMap((part) => (part ? oneLine(part) : [])).join(" · ");
  },
  lines: (context, size) => draw(context, size),
  under: (context) => groupUnder(context)?.runs.map(({ id }) => id) ?? null,
  keys: [
    ...move(["up", "k"], "up", -1),
    ...move(["down", "j"], "down", 1),
    {
      keys: ["pageup", "pagedown"],
      does: "page",
      press: (c, key, size) => step(c, (key === "pageup" ? -1 : 1) * size.rows, size),
    },
    { keys: ["home", "end"], does: "first, last", press: (c, key, size) => step(c, key === "home" ? -1e9 : 1e9, size) },
    { keys: ["left", "right"], does: "fold, unfold a group", press: (c, key) => fold(c, key === "left") },
    { keys: ["enter"], does: "open the run; fold or unfold a group", press: (c) => turned(c) },
    { keys: ["o"], does: "sort by the next column", press: (c) => sorted(c) },
    {
      keys: ["O"],
      does: "turn the order around",
      press: ({ state }) => ({ state: { ...state, reversed: !state.reversed } }),
    },
    { keys: ["g"], does: "group by the next setting", press: (c) => grouped(c) },
  ],
  prompts: [
    {
      key: "/",
      does: "filter: words, or as in --where",
      title: "filter",
      text: ({ state }) => state.filter,
      done(context, text) {
        const found = text.trim() === "" ? null : context.source.matching(text.trim());
        if (found && "problem" in found) return found;
        return arrangedAnew(context, { filter: text.trim() });
      },
    },
    {
      key: "m",
      does: "more columns, as in compare --columns: best:f1, last:loss, params, method.rank",
      title: "columns",
      text: ({ state }) => state.columns,
      done({ state, source }, text) {
        const columns = text.trim();
        const found = columns === "" ? null : source.columns(columns);
        if (found && "problem" in found) return found;
        return { state: { ...state, columns, sort: columns === "" && state.sort === "column" ? "order" : state.sort } };
      },
    },
  ],
};

const sortName = ({ source, state }: Context): string =>
  state.sort === "column" ? (addedTo({ source, state })[0]?.heading ?? "order") : state.sort;

const NONE: readonly RunColumn[] = [];

function addedTo({ source, state }: Pick<Context, "source" | "state">): readonly RunColumn[] {
  const found = state.columns === "" ? null : source.columns(state.columns);
  return found && "columns" in found ? found.columns : NONE;
}

interface Arranged {
  key: string;
  added: readonly RunColumn[];
  runs: readonly ScreenRun[];
  rows: Row[];
  problem: string | null;
}

/** Sorting thousands of runs for each frame would take longer than all the rest. */
const kept = new WeakMap<readonly ScreenRun[], Arranged>();

function arranged({ data, source, shared, state }: Context): Arranged {
  const { sort, reversed, group, folded, filter } = state;
  const key = JSON.stringify([sort, reversed, group, folded, filter, shared.pinned]);
  const added = addedTo({ source, state });
  const before = kept.get(data.runs);
  if (before?.key === key && before.added === added) return before;
  const found = filter === "" ? null : source.matching(filter);
  const problem = found && "problem" in found ? found.problem : null;
  const runs = found && "runs" in found ? data.runs.filter(({ id }) => found.runs.has(id)) : data.runs;
  const made = { key, added, runs, problem, rows: rowsOf(runs, shared.pinned, state, added[0] ?? null) };
  kept.set(data.runs, made);
  return made;
}

/** What is said once, below the rows. */
interface Below {
  /** Words that every label has. */
  words: readonly string[];
  /** What the marks of scores mean, if there are any. */
  marks: readonly string[];
}

const belowKept = new WeakMap<readonly ScreenRun[], Below>();

function belowOf({ data: { runs } }: Context): Below {
  const known = belowKept.get(runs);
  if (known) return known;
  const marks = [
    ...(runs.some(isWeak) ? ["! no better than a constant answer"] : []),
    ...(runs.some(({ state, score }) => state !== "finished" && score !== null) ? ["~ newest score"] : []),
  ];
  const made = { words: sharedWords(runs.map(({ label }) => oneLine(label))), marks };
  belowKept.set(runs, made);
  return made;
}

/** The name of the score if all runs have the same one. */
function scoreNameOf({ data }: Context): string | null {
  const names = new Set(data.runs.flatMap(({ scoreName }) => scoreName ?? []));
  return names.size === 1 ? ([...names][0] ?? null) : null;
}

const onKey = ({ state, shared }: Context): string | null => state.onGroup ?? shared.selected;

/** -1 if no row has the cursor, because a filter or a fold hides the selected run: no other run may look like it. */
function cursorAt(context: Context, rows: readonly Row[]): number {
  const key = onKey(context);
  return rows.findIndex((row) => row.key === key);
}

function groupUnder(context: Context): Extract<Row, { kind: "group" }> | null {
  if (context.state.onGroup === null) return null;
  const { rows } = arranged(context);
  const row = rows[cursorAt(context, rows)];
  return row?.kind === "group" ? row : null;
}

function draw(context: Context, { columns, rows: height }: Size): Line[] {
  const { rows, runs, problem } = arranged(context);
  if (problem !== null) return [[{ text: `the filter is wrong: ${oneLine(problem)}`, role: "bad" }]];
  if (rows.length === 0) {
    return [[{ text: context.data.runs.length === 0 ? "no runs" : "no run matches the filter", role: "dim" }]];
  }
  const below = belowOf(context);
  const room = roomIn(height, below);
  const headed = height >= HEADED_FROM;
  const cursor = cursorAt(context, rows);
  const top = topFor(context.state.top, cursor, rows.length, room);
  const shown = rows.slice(top, top + room);
  const labels = shown.map((row) => (row.kind === "run" ? withoutWords(oneLine(row.run.label), below.words) : ""));
  const longest = labels.reduce((most, label) => Math.max(most, textWidth(label)), 0);
  const depth = shown.reduce((most, row) => Math.max(most, row.kind === "run" ? row.depth : 0), 0);
  const added = addedTo(context);
  const widths = columnsFor(columns, longest + depth, added);
  const names = namesApart(labels, widths.label - depth);
  const lines = shown.map((row, index) =>
    rowLine(row, names[index] ?? "", widths, columns, {
      cursor: top + index === cursor,
      marked: context.shared.marked.includes(row.key),
      pinned: context.shared.pinned.includes(row.key),
    }),
  );
  const hidden = rows.length - top - shown.length;
  const foot = [
    ...(hidden > 0 ? [`${hidden} more below`] : []),
    ...(below.words.length > 0 ? [`every label: ${below.words.join(" ")}`] : []),
    ...below.marks,
  ].join("   ");
  return [
    ...(headed ? [headLine(widths, scoreNameOf(context))] : []),
    ...lines,
    ...(isFooted(height, below) && runs.length > 0 ? [[{ text: foot, role: "dim" as const }]] : []),
  ];
}

const HEAD = 1;
/** With fewer rows than these the runs matter more than what stands over and under them. */
const HEADED_FROM = 6;
const FOOTED_FROM = 4;

const isFooted = (height: number, { words, marks }: Below): boolean =>
  height >= FOOTED_FROM && words.length + marks.length > 0;

/** Rows for runs. */
const roomIn = (height: number, below: Below): number =>
  Math.max(1, height - (height >= HEADED_FROM ? HEAD : 0) - (isFooted(height, below) ? 1 : 0));

/** Scrolls no more than is needed to show the cursor. */
function topFor(top: number, cursor: number, count: number, room: number): number {
  const least = Math.max(0, cursor - room + 1);
  const most = cursor < 0 ? top : Math.min(top, cursor);
  return Math.max(0, Math.min(Math.max(least, most), Math.max(0, count - room)));
}

function move(keys: Key[], does: string, by: number) {
  return [{ keys, does, press: (context: Context, _key: Key, size: Size) => step(context, by, size) }];
}

function step(context: Context, by: number, size: Size): Pressed<RunsState> {
  const { rows } = arranged(context);
  if (rows.length === 0) return {};
  const to = Math.min(rows.length - 1, Math.max(0, cursorAt(context, rows) + by));
  const row = rows[to];
  if (!row) return {};
  const top = topFor(context.state.top, to, rows.length, roomIn(size.rows, belowOf(context)));
  return row.kind === "group"
    ? { state: { ...context.state, onGroup: row.key, top } }
    : { state: { ...context.state, onGroup: null, top }, shared: { selected: row.run.id } };
}

function fold(context: Context, away: boolean): Pressed<RunsState> {
  const { rows } = arranged(context);
  const at = cursorAt(context, rows);
  const head = rows.slice(0, at + 1).findLast((row) => row.kind === "group");
  if (!head) return {};
  const others = context.state.folded.filter((key) => key !== head.key);
  return { state: { ...context.state, folded: away ? [...others, head.key] : others, onGroup: head.key } };
}

/** On a run nothing, so that the screen opens it. */
function turned(context: Context): Pressed<RunsState> {
  const group = groupUnder(context);
  return group ? fold(context, !group.folded) : {};
}

/** The cursor stays on its run, and goes to the first one if that is not shown any more. */
function arrangedAnew(context: Context, to: Partial<RunsState>): Pressed<RunsState> {
  const state: RunsState = { ...context.state, ...to, top: 0, onGroup: null };
  const { rows } = arranged({ ...context, state });
  const first = rows.find((row) => row.kind === "run");
  const isShown = rows.some(({ key }) => key === context.shared.selected);
  return isShown || !first ? { state } : { state, shared: { selected: first.key } };
}

function sorted({ state }: Context): Pressed<RunsState> {
  const sorts = SORTS.filter((sort) => sort !== "column" || state.columns !== "");
  const next = sorts[(sorts.indexOf(state.sort) + 1) % sorts.length] ?? "order";
  return { state: { ...state, sort: next, reversed: false, top: 0 } };
}

function grouped(context: Context): Pressed<RunsState> {
  const keys = [null, ...groupKeys(context.data.runs)];
  const next = keys[(keys.indexOf(context.state.group) + 1) % keys.length] ?? null;
  return arrangedAnew(context, { group: next, folded: [] });
}
