/** How the room of the pane is shared between the picture, its signs and the changes. */
import { textWidth } from "../../../views/parts/text-width.js";
import { type Line, plain } from "../../line.js";
import type { Size } from "../../pane.js";
import { cutAfter, wrapSpans } from "../wrap-spans.js";
import { chosenEpochs, epochsUpTo } from "./epochs.js";
import type { Picture } from "./picture.js";

/** Between the picture and the changes beside it. */
export const BESIDE = " │ ";
/** The fewest columns in which changes stand beside the picture, and those they get where epochs are left out for them. */
const LEAST_LIST = 30;
const LIST = 34;
/** From this width on changes stand beside the picture rather than below a picture that fills the pane. */
const WIDE = 90;
/** Of rows that are scrolled away, such as `↓12 `. */
const SCROLL_MARK = 4;
/** From so many lines on one is for the signs, whatever is scrolled. */
const LEGEND_ROWS = 10;
const LEGEND_GAP = "   ";
/** The longest name of a row before it is cut; the name of a layer comes first in it. */
export const LONGEST_NAME = 28;

export interface Shape {
  columns: number;
  /** Width of the changes beside the picture; 0: they are below. */
  list: number;
  /** Rows of the picture that are shown, and the first of them. */
  rows: number;
  top: number;
  /** Indices of the epochs that are shown. */
  epochs: readonly number[];
  side: number;
  /** Width of one epoch, without the column for brackets. */
  body: number;
  /** Width of the newest values at the end of the rows; 0: they have no room. */
  end: number;
  legend: readonly Line[];
}

export interface ShapeRequest {
  picture: Picture;
  size: Size;
  /** The changes in so many columns, each as its lines. */
  changes: (columns: number) => Line[][];
  top: number;
  end: number | null;
}

export function shapeOf({ picture, size, changes, top, end: lastEpoch }: ShapeRequest): Shape {
  const { columns, rows } = size;
  const body = Math.max(
    2,
    ...picture.columns.map(({ head }) => textWidth(head)),
    ...picture.rows.flatMap((row) => row.cells.map(({ text }) => textWidth(text))),
  );
  const names = Math.min(LONGEST_NAME, Math.max(...picture.rows.map(({ name }) => textWidth(name))));
  const total = picture.columns.length;
  const side = Math.max(textWidth(picture.rowTitle), SCROLL_MARK + names) + 1;
  const ends = picture.endTitle === null ? 0 : 2 + widest([picture.endTitle, ...picture.rows.map((row) => row.end)]);
  const natural = side + total * (body + 1);
  const changeRows = changes(columns).flat().length;
  const hasChanges = changeRows > 0;
  const list = !hasChanges ? 0 : listWidth(columns, natural + ends, 1 + picture.rows.length + changeRows, rows);
  const room = list > 0 ? columns - list - BESIDE.length : columns;
  const withEnds = natural + ends <= room || (room - side - ends) / (body + 1) >= total / 2;
  const end = withEnds ? ends : 0;
  const fits = Math.max(1, Math.floor((room - side - end) / (body + 1)));
  const epochs = lastEpoch === null ? chosenEpochs(picture.columns, fits) : epochsUpTo(lastEpoch, total, fits);
  const left =
    total > epochs.length ? [plain(`${epochs.length} of ${total} epochs shown, ← →`, { role: "accent" })] : [];
  const legend = wrapSpans([...left, ...picture.legend], LEGEND_GAP, columns);
  const below = list > 0 ? 0 : changeRows;
  // Signs give way to rows of a small picture; a large one is scrolled anyway.
  const kept = rows >= LEGEND_ROWS ? 1 : 0;
  const shown = Math.max(1, Math.min(picture.rows.length, rows - 1 - kept - Math.min(1, below)));
  const spare = rows - 1 - shown;
  return {
    ...{ columns, list, body, side, end, epochs },
    rows: shown,
    top: Math.max(0, Math.min(picture.rows.length - shown, top)),
    legend: cutAfter(legend, Math.max(Math.min(spare - Math.min(1, below), 1), spare - below)),
  };
}

/** Beside the picture where it leaves room; where it doesn't, below it if all fit there. */
function listWidth(columns: number, natural: number, lines: number, rows: number): number {
  const free = columns - natural - BESIDE.length;
  if (free >= LEAST_LIST) return free;
  return lines < rows || columns < WIDE ? 0 : LIST;
}

const widest = (texts: readonly string[]): number => Math.max(...texts.map((text) => textWidth(text)));
