/** Where the panes stand. Pure. */
import type { PaneName, Size } from "./pane.js";

/** What a pane asks for, without its title. */
export interface Wish {
  name: PaneName;
  least: Size;
  /** Rows it would fill, with so many columns. */
  wanted(columns: number): number;
}

/** A part of the screen, title line included. Columns and rows count from 0. */
export interface Place {
  name: PaneName;
  column: number;
  row: number;
  columns: number;
  rows: number;
}

/** From here on there are two columns of panes. */
const TWO_COLUMNS = 110;
const TITLE = 1;
/** Beside a pane that grows, every other keeps at least this share of the height. */
const LARGEST_SHARE = 0.62;

/** Rows of the runs, title included, that come before a further pane. */
const RUNS = 10;
/** In a column of panes: with fewer rows these say too little, and runs more. */
const COMFORT: Partial<Record<PaneName, number>> = { structure: 8, charts: 10 };

/** Panes in the order in which they get room, and where they stand if there are two columns. */
const ORDER: readonly PaneName[] = ["grid", "runs", "structure", "charts", "alerts", "log", "devices"];
const LEFT: ReadonlySet<PaneName> = new Set(["grid", "runs"]);
const RIGHT: ReadonlySet<PaneName> = new Set(["structure", "charts"]);

/**
 * Shares the rows from `top` out among the panes. The one in focus always gets room; `zoomed`: all of it. Panes that do not
 * fit are left out.
 */
export function layout(size: Size, top: number, wishes: readonly Wish[], focus: PaneName, zoomed: boolean): Place[] {
  const { columns, rows } = { columns: size.columns, rows: Math.max(0, size.rows - top) };
  const found = wishes.find(({ name }) => name === focus);
  if (zoomed && found) return [{ name: focus, column: 0, row: top, columns, rows }];
  const ordered = [...wishes].sort((a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name));
  if (columns < TWO_COLUMNS) return stack(ordered, focus, { column: 0, row: top, columns, rows });
  return inColumns(ordered, focus, { column: 0, row: top, columns, rows });
}

type Room = Omit<Place, "name">;

function inColumns(wishes: readonly Wish[], focus: PaneName, room: Room): Place[] {
  // Without a grid the structure stands under the runs, which would leave half of the screen blank if they are few.
  const moved = wishes.some(({ name }) => name === "grid") ? null : "structure";
  const left = wishes.filter(({ name }) => LEFT.has(name) || name === moved);
  const right = wishes.filter(({ name }) => RIGHT.has(name) && name !== moved);
  const below = wishes.filter(({ name }) => !LEFT.has(name) && !RIGHT.has(name));
  if (left.length === 0 || right.length === 0) return stack(wishes, focus, room);
  const belowRows = Math.min(Math.max(4, Math.floor(room.rows * 0.22)), Math.floor(room.rows * 0.3));
  const foot = below.length > 0 && room.rows >= 18 ? footOf(below, focus, room, belowRows) : [];
  const body = room.rows - (foot.length > 0 ? belowRows : 0);
  const leftColumns = Math.floor((room.columns - 1) / 2);
  const rightColumns = room.columns - 1 - leftColumns;
  return [
    ...stack(left, focus, { ...room, columns: leftColumns, rows: body }),
    ...stack(right, focus, { ...room, column: leftColumns + 1, columns: rightColumns, rows: body }),
    ...foot,
  ];
}

/** Columns of panes that stand side by side; a log says its news at the ends of lines, and gets what is left. */
const SIDE: Partial<Record<PaneName, number>> = { log: 60, alerts: 44, devices: 42 };

/** Side by side over the whole width: as many as have room, the one in focus first, then the log. */
function footOf(wishes: readonly Wish[], focus: PaneName, room: Room, rows: number): Place[] {
  const rank = ({ name }: Wish) => (name === focus ? 0 : name === "log" ? 1 : 2);
  const widthOf = ({ name, least }: Wish) => Math.max(least.columns, SIDE[name] ?? 0);
  let left = room.columns + 1;
  const kept = [...wishes]
    .sort((a, b) => rank(a) - rank(b))
    .filter((wish) => {
      const takes = widthOf(wish) + 1;
      if (left < takes) return false;
      left -= takes;
      return true;
    });
  const shown = wishes.filter((wish) => kept.includes(wish));
  const taker = shown.find(({ name }) => name === "log") ?? shown.at(-1);
  let column = 0;
  return shown.map((wish) => {
    const columns = widthOf(wish) + (wish === taker ? left : 0);
    const place = { name: wish.name, column, row: room.row + room.rows - rows, columns, rows };
    column += columns + 1;
    return place;
  });
}

/** One above the other. */
function stack(wishes: readonly Wish[], focus: PaneName, room: Room): Place[] {
  const heights = share(wishes, focus, room);
  let row = room.row;
  return wishes.flatMap(({ name }) => {
    const rows = heights.get(name);
    if (rows === undefined) return [];
    const place = { name, column: room.column, row, columns: room.columns, rows };
    row += rows;
    return [place];
  });
}

function share(wishes: readonly Wish[], focus: PaneName, { columns, rows }: Room): Map<PaneName, number> {
  const first = wishes.filter(({ name }) => name === focus);
  const candidates = [...first, ...wishes.filter(({ name }) => name !== focus)];
  const heights = new Map<PaneName, number>();
  const largest = wishes.length > 1 ? Math.floor(rows * LARGEST_SHARE) : rows;
  let left = rows;
  for (const { name, least, wanted } of candidates) {
    const comfort = name === focus ? 1 : (COMFORT[name] ?? 1);
    const smallest = Math.max(comfort, least.rows) + TITLE;
    const first = name === "grid" ? largest : name === "runs" ? RUNS : 0;
    const takes = Math.max(smallest, Math.min(first, wanted(columns) + TITLE, left));
    if (least.columns > columns && name !== focus) continue;
    // Too little for the pane in focus is better than a blank screen.
    if (left < takes && !(name === focus && left > TITLE)) continue;
    heights.set(name, Math.min(takes, left));
    left -= Math.min(takes, left);
  }
  const placed = wishes.filter(({ name }) => heights.has(name));
  const grow = (name: PaneName, to: number) => {
    const now = heights.get(name) ?? 0;
    const more = Math.max(0, Math.min(left, to - now));
    heights.set(name, now + more);
    left -= more;
  };
  for (const { name, wanted } of placed) grow(name, Math.min(largest, wanted(columns) + TITLE));
  for (const { name, wanted } of placed) grow(name, wanted(columns) + TITLE);
  // What nobody wants goes to those that can use any room.
  const spare = placed.filter(({ name }) => name === "charts" || name === "log");
  const takers = spare.length > 0 ? spare : placed.slice(-1);
  for (const [index, { name }] of takers.entries()) {
    grow(name, (heights.get(name) ?? 0) + Math.ceil(left / (takers.length - index)));
  }
  return heights;
}
