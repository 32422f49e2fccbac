import type { Size } from "../../pane.js";
import { type Axis, epochAxis, valueAxis } from "./axis.js";
import { isScore, type Metric, type Model } from "./model.js";
import type { ChartsState } from "./state.js";

/** Least size of a chart where there are several. */
const LEAST = { columns: 46, rows: 11 };
/** Columns between charts beside each other. */
const BETWEEN = 2;
/** Below it the axis of epochs has no line of its own. */
const LINED = 8;
/** The most by which the line of the majority class may stretch an axis. */
const STRETCH = 2;

/** The axis where no value is finite: crosses at the bottom, no numbers. */
const NOWHERE: Axis = { place: () => 0, ticks: [] };

export interface Box {
  metric: Metric;
  chosen: boolean;
  /** Place of the whole chart in the pane. */
  row: number;
  column: number;
  columns: number;
  rows: number;
  /** Whether a line above says what it is. */
  headed: boolean;
  note: string | null;
  /** Rows and columns of the drawing. */
  plot: Size;
  /** Columns of the numbers on the left. */
  gutter: number;
  /** Whether there is a line between drawing and epochs. */
  lined: boolean;
  /** First and last epoch of the axis. */
  epochs: readonly [low: number, high: number];
  x: Axis;
  y: Axis;
}

/** The charts of a pane below so many rows of legend. */
export function boxesOf(model: Model, state: ChartsState, size: Size, legend: number): Box[] {
  const room = { columns: size.columns, rows: size.rows - legend };
  const places = placesOf(state.single ? 1 : model.metrics.length, room);
  const metrics = places.map((_, i) => model.metrics[(model.chosen + i) % model.metrics.length] as Metric);
  const epochs = epochsOf(metrics);
  const boxes = places.map((place, i) => {
    const metric = metrics[i] as Metric;
    const { log, note } = scaleOf(metric, state.log);
    const headed = places.length > 1 || (note !== null && place.rows >= 5);
    const lined = place.rows - Number(headed) >= LINED;
    const rows = Math.max(1, place.rows - Number(headed) - Number(lined) - 1);
    const bounds = boundsOf(metric);
    const y = bounds ? valueAxis(...bounds, rows, log) : NOWHERE;
    return {
      ...place,
      row: place.row + legend,
      metric,
      chosen: i === 0,
      headed,
      note,
      lined,
      y,
      epochs,
      height: rows,
    };
  });
  const widest = Math.max(0, ...boxes.flatMap(({ y }) => y.ticks.map(({ text }) => text.length)));
  const gutter = Math.max(size.columns >= 40 ? "epoch".length : 0, widest) + 1;
  return boxes.map(({ height, ...box }) => {
    const letters = box.metric.lines.length > 1 ? 2 : 0;
    const columns = Math.max(1, box.columns - gutter - letters);
    return { ...box, gutter, plot: { rows: height, columns }, x: epochAxis(...epochs, columns) };
  });
}

/** The chosen chart takes what the others leave; charts stand below each other where they are high enough. */
function placesOf(metrics: number, room: Size): Pick<Box, "row" | "column" | "columns" | "rows">[] {
  const across = Math.max(1, Math.floor((room.columns + BETWEEN) / (LEAST.columns + BETWEEN)));
  const down = Math.max(1, Math.floor(room.rows / LEAST.rows));
  const count = Math.min(metrics, across * down);
  if (count === 0) return [];
  const high = Math.min(count, down);
  const wide = Math.ceil(count / high);
  const rows = Math.ceil(count / wide);
  const first = count - (rows - 1) * wide;
  return Array.from({ length: rows }, (_, row) => {
    const here = row === 0 ? first : wide;
    const from = Math.floor((row * room.rows) / rows);
    const to = Math.floor(((row + 1) * room.rows) / rows);
    const columns = Math.floor((room.columns - (here - 1) * BETWEEN) / here);
    return Array.from({ length: here }, (_, i) => ({
      row: from,
      column: i * (columns + BETWEEN),
      columns,
      rows: to - from,
    }));
  }).flat();
}

/** First and last epoch of all charts, so that their axes are the same. */
function epochsOf(metrics: readonly Metric[]): [low: number, high: number] {
  const all = metrics.flatMap(({ lines }) => lines.map(({ measure }) => measure.points));
  return [Math.min(...all.map((points) => points[0]?.x ?? 0)), Math.max(...all.map((points) => points.at(-1)?.x ?? 0))];
}

function scaleOf(metric: Metric, wanted: boolean): { log: boolean; note: string | null } {
  const refused = wanted && metric.lines.some(({ measure }) => measure.low <= 0);
  return { log: wanted && !refused, note: refused ? "no log axis: values of 0 or less" : null };
}

/** Null without a finite value. */
function boundsOf(metric: Metric): [low: number, high: number] | null {
  const low = Math.min(...metric.lines.map(({ measure }) => measure.low));
  const high = Math.max(...metric.lines.map(({ measure }) => measure.high));
  if (low > high) return null;
  const { majority } = metric;
  if (!isScore(metric) || majority === null) return [low, high];
  const stretched: [number, number] = [Math.min(low, majority), Math.max(high, majority)];
  return stretched[1] - stretched[0] <= STRETCH * (high - low) ? stretched : [low, high];
}

/** Column of the drawing at a place of the axis of epochs. */
export const columnAt = (at: number, { columns }: Size): number => Math.round(at * (columns * 2 - 1)) >> 1;

/** Row of the drawing, from above, at a place of the axis of values. */
export const rowAt = (at: number, { rows }: Size): number => (rows * 4 - 1 - Math.round(at * (rows * 4 - 1))) >> 2;

export const columnOf = ({ x, plot }: Pick<Box, "x" | "plot">, epoch: number): number => columnAt(x.place(epoch), plot);

type Scale = Pick<Box, "epochs" | "plot">;

/** Epochs of one column, and so how exact a cursor is. */
export const slackOf = ({ epochs: [low, high], plot }: Scale): number => (high - low) / plot.columns;

/** The epoch in the middle of a column; the first and last column have the ends. */
export function epochAt({ epochs: [low, high], plot }: Scale, column: number): number {
  if (column <= 0) return low;
  if (column >= plot.columns - 1) return high;
  return low + ((high - low) * (column * 2 + 0.5)) / (plot.columns * 2 - 1);
}
