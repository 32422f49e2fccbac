import * as Plot from "@observablehq/plot";
import { hex, viridis } from "../grid/colour.js";
import { FAMILY, markup } from "./svg.js";

/** Pixels of a colour scale: the gap before it, its bar, its numbers. */
export const SCALE = { gap: 14, bar: 16, numbers: 56 };

export interface ColourScale {
  /** Value at the dark end. */
  from: number;
  /** At the light end. */
  to: number;
  text: (value: number) => string;
  height: number;
}

/** A bar from dark to light with its numbers, drawn as marks, because the library's own legends are HTML. */
export function colourScale({ from, to, text, height }: ColourScale, document: Document): string {
  const steps = Array.from({ length: 64 }, (_, i) => ({
    low: i / 64,
    high: Math.min(1, (i + 1.5) / 64), // overlaps the next one, to avoid hairlines between them
    fill: hex(viridis((i + 0.5) / 64)),
  }));
  const marks = from === to ? [0.5] : [0, 0.5, 1];
  const plot = Plot.plot({
    document,
    width: SCALE.bar + SCALE.numbers,
    height,
    marginTop: 7,
    marginBottom: 7,
    marginLeft: 0,
    marginRight: SCALE.numbers,
    style: { fontSize: "11px", fontFamily: FAMILY },
    x: { axis: null, domain: [0, 1] },
    y: { axis: null, domain: [0, 1] },
    marks: [
      Plot.rect(steps, { x1: 0, x2: 1, y1: "low", y2: "high", fill: "fill" }),
      Plot.text(marks, {
        x: 1,
        y: (part: number) => part,
        text: (part: number) => text(from + part * (to - from)),
        textAnchor: "start",
        dx: 6,
        fontSize: 11,
      }),
    ],
  });
  return markup(plot);
}
