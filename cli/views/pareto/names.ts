/** Where names stand beside the points of a picture, so that none covers another. */

/** A point in pixels, with its name. */
export interface NamedPoint {
  x: number;
  y: number;
  text: string;
}

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The left end and the baseline of a name. */
export interface PlacedName extends NamedPoint {
  /** Index of its point. */
  of: number;
}

/** Pixels of a character of a name, rounded up, and of a line. */
const CHARACTER = 6.2;
const HEIGHT = 12;
/** Pixels from the middle of a point to a name beside it. */
const GAP = 8;
const RADIUS = 5;
/** So far up or down a name may go from its point, in lines. */
const SHIFTS = [-0.5, 0.5, 0, -1, 1];

/** Null where a name finds no free place inside `area`. */
export function placeNames(points: readonly NamedPoint[], area: Box): PlacedName[] | null {
  const taken: Box[] = points.map(({ x, y }) => ({
    ...{ left: x - RADIUS, right: x + RADIUS, top: y - RADIUS, bottom: y + RADIUS },
  }));
  const placed: PlacedName[] = [];
  for (const [of, { x, y, text }] of points.entries()) {
    const width = text.length * CHARACTER;
    const places = [x + GAP, x - GAP - width].flatMap((left) =>
      SHIFTS.map((shift) => ({ left, baseline: y + 4 + shift * HEIGHT })),
    );
    const free = places.find(({ left, baseline }) => {
      const box = boxOf(left, baseline, width);
      const inside = box.left >= area.left && box.right <= area.right && box.top >= area.top;
      return inside && box.bottom <= area.bottom && !taken.some((other) => overlap(box, other));
    });
    if (free === undefined) return null;
    taken.push(boxOf(free.left, free.baseline, width));
    placed.push({ x: free.left, y: free.baseline, text, of });
  }
  return placed;
}

const boxOf = (left: number, baseline: number, width: number): Box => ({
  ...{ left, right: left + width, top: baseline - HEIGHT + 2, bottom: baseline + 2 },
});

const overlap = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
