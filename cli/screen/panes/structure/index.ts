/** The structure of one run over its epochs: modules with their scores, merges and injections where they happened, or ranks. */

import { prose } from "../../../views/parts/prose.js";
import { oneLine } from "../../../views/parts/visible.js";
import { emptyText, type TimelineData } from "../../../views/timeline/data.js";
import type { ScreenRun } from "../../data.js";
import { type Line, plain } from "../../line.js";
import type { Look, Pane, PaneContext, Size } from "../../pane.js";
import { shownRun } from "../shown-run.js";
import { changeEntries } from "./changes.js";
import { draw } from "./draw.js";
import { ASCII_BRACKETS, BRACKETS, modulesPicture, type Signs } from "./modules.js";
import type { Picture } from "./picture.js";
import { type ShapeRequest, shapeOf } from "./shape.js";
import { type StructureState, scrolledBy, stateFor } from "./state.js";
import { formsPicture, ranksPicture } from "./values.js";

type Context = PaneContext<StructureState>;

/** Kept, because making a picture of many epochs takes longer than drawing it. */
const pictures = new WeakMap<TimelineData, Map<string, readonly Picture[]>>();

export const structurePane: Pane<StructureState> = {
  name: "structure",
  title: (context) => {
    const run = shownRun(context.data, context.shared);
    return run ? `${oneLine(run.label)}: structure by epoch` : "Structure";
  },
  initial: { run: null, top: 0, end: null },
  shows: ({ runs }) => runs.length > 0,
  least: () => ({ columns: 24, rows: 4 }),
  wanted: (context, columns) => {
    const found = requestOf(context, { columns, rows: Number.MAX_SAFE_INTEGER });
    if ("lines" in found) return found.lines.length;
    return draw(found.request, shapeOf(found.request)).length;
  },
  lines: (context, size) => {
    const found = requestOf(context, size);
    return "lines" in found ? found.lines.slice(0, size.rows) : draw(found.request, shapeOf(found.request));
  },
  keys: [
    { keys: ["up", "down"], does: "one row up or down", press: scroll },
    { keys: ["pageup", "pagedown", "home", "end"], does: "more rows up or down", press: scroll },
    { keys: ["left", "right"], does: "earlier or later epochs", press: scroll },
  ],
};

function scroll(context: Context, key: string, size: Size) {
  const found = requestOf(context, size);
  if ("lines" in found) return {};
  const { request, run } = found;
  const shape = shapeOf(request);
  return scrolledBy(context.state, key, {
    run: run.id,
    ...{ rows: request.picture.rows.length, shownRows: shape.rows },
    ...{ epochs: request.picture.columns.length, shownEpochs: shape.epochs.length },
  });
}

type Found = { lines: Line[] } | { request: ShapeRequest; run: ScreenRun };

/** What to draw of the run that is shown, or a sentence that says why there is nothing. */
function requestOf({ data, shared, source, state, look }: Context, size: Size): Found {
  const run = shownRun(data, shared);
  if (!run) return { lines: [] };
  const timeline = source.timeline(run.id);
  const [picture, ...others] = timeline ? picturesOf(timeline, look) : [];
  if (!timeline || !picture) return { lines: sentence(emptyText(timeline ?? run), size.columns) };
  const more = others.map(({ rowTitle }) => [plain(`more: ${rowTitle} by epoch, lor2c show ${run.id} timeline`)]);
  const { top, end } = stateFor(state, run.id);
  const changes = (columns: number) => [...changeEntries(timeline, columns), ...more];
  return { run, request: { picture, size, changes, top, end } };
}

const sentence = (text: string, columns: number): Line[] => prose(text, columns).map((line) => plain(line));

function picturesOf(timeline: TimelineData, { depth, ascii }: Look): readonly Picture[] {
  // Shades would hide colours, and are no ASCII.
  const signs: Signs = { digits: depth > 1 || ascii, brackets: ascii ? ASCII_BRACKETS : BRACKETS };
  const kept = pictures.get(timeline) ?? new Map<string, readonly Picture[]>();
  pictures.set(timeline, kept);
  const key = JSON.stringify(signs);
  const known = kept.get(key);
  if (known) return known;
  const made = [modulesPicture(timeline, signs), ranksPicture(timeline), formsPicture(timeline)];
  const found = made.filter((picture) => picture !== null);
  kept.set(key, found);
  return found;
}
