import { enclosingLogTicks, enclosingTicks, innerTicks, tickTexts } from "../../../views/parts/ticks.js";

export interface Axis {
  /** From 0 at the low end to 1. */
  place(value: number): number;
  ticks: { at: number; text: string }[];
}

/** More numbers than this do not help. */
const MOST = 13;

/** An axis that is longer than its values by more than this gets more numbers, closer to the values. */
const WASTE = 1.35;
/** And one that is even longer has the ends of the values, although they are not round. */
const TOO_LONG = 2;

/** Values from `low` to `high` over so many rows, from below. The ends are round numbers where there are rows enough. */
export function valueAxis(low: number, high: number, rows: number, log: boolean): Axis {
  if (low === high) return onlyTick(low);
  const by = log ? Math.log10 : (value: number) => value;
  const span = (ticks: readonly number[]) => by(ticks.at(-1) ?? high) - by(ticks[0] ?? low);
  const length = by(high) - by(low);
  const round = ticksOf(low, high, rows, log, by, (found) => span(found) <= WASTE * length);
  const ticks = round.length > 0 && span(round) <= TOO_LONG * length ? round : [low, high];
  const texts = tickTexts(ticks === round ? ticks : ticks.map((tick) => Number(tick.toPrecision(3))));
  const from = by(ticks[0] ?? low);
  return {
    place: (value) => (by(value) - from) / span(ticks),
    ticks: placed(ticks, by).map(({ at }, i) => ({ at, text: texts[i] ?? "" })),
  };
}

/** One value, with few digits: it need not be a round number. */
const onlyTick = (value: number): Axis => ({
  place: () => 0.5,
  ticks: [{ at: 0.5, text: tickTexts([Number(value.toPrecision(4))])[0] ?? "" }],
});

/** Ticks with some rows between them, with fewer rows if the axis would be too long. */
function ticksOf(
  low: number,
  high: number,
  rows: number,
  log: boolean,
  by: (value: number) => number,
  isShort: (ticks: readonly number[]) => boolean,
): number[] {
  let ticks: number[] = [];
  for (let gap = rows <= 5 ? 1 : rows <= 20 ? 2 : 3; gap > 0; gap--) {
    const most = Math.min(MOST, Math.floor((rows - 1) / gap) + 1);
    if (most < 3) continue;
    const fits = (found: readonly number[]) => {
      const at = placed(found, by).map(({ at }) => Math.round(at * (rows - 1)));
      return found.length <= most && at.every((row, i) => i === 0 || row - (at[i - 1] ?? 0) >= gap);
    };
    ticks = log ? enclosingLogTicks(low, high, fits) : enclosingTicks(low, high, most);
    if (isShort(ticks)) break;
  }
  return ticks;
}

function placed(ticks: readonly number[], by: (value: number) => number): { at: number }[] {
  const from = by(ticks[0] ?? 0);
  const range = by(ticks.at(-1) ?? 1) - from;
  return ticks.map((tick) => ({ at: (by(tick) - from) / range }));
}

/** Epochs over so many columns: whole ones where there are two or more. */
export function epochAxis(low: number, high: number, columns: number): Axis {
  if (low === high) return onlyTick(low);
  const place = (x: number) => (x - low) / (high - low);
  const texts = (count: number) => {
    const ticks = innerTicks(low, high, count, high - low >= 2 ? 1 : 0);
    return { ticks, texts: tickTexts(ticks) };
  };
  let count = Math.max(1, Math.floor(columns / 6));
  let made = texts(count);
  while (count > 1 && made.texts.some((text) => (text.length + 3) * made.texts.length > columns)) made = texts(--count);
  return { place, ticks: made.ticks.map((tick, i) => ({ at: place(tick), text: made.texts[i] ?? "" })) };
}
