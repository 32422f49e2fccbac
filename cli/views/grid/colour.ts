/** Colours of scores: scales that keep their order for colour-blind readers and in grey. */
import { interpolateCividis, interpolateViridis } from "d3-scale-chromatic";
import type { ColourDepth } from "../terminal.js";

type Rgb = readonly [red: number, green: number, blue: number];

/** A colour for each part from 0 (low) to 1 (high). */
type Scale = (part: number) => Rgb;

export const viridis: Scale = (part) => colourAt(interpolateViridis, part);
/** Nearly the same to readers who don't see red or green. */
export const cividis: Scale = (part) => colourAt(interpolateCividis, part);

function colourAt(interpolate: (part: number) => string, part: number): Rgb {
  const text = interpolate(Math.min(1, Math.max(0, part)));
  const hex = /^#(..)(..)(..)$/
    .exec(text)
    ?.slice(1)
    .map((byte) => Number.parseInt(byte, 16));
  const rgb = hex ?? (text.match(/\d+/g) ?? []).map(Number);
  return [rgb[0] ?? 0, rgb[1] ?? 0, rgb[2] ?? 0];
}

/** Black or white, whichever has more contrast: at least 4.5 to 1. */
export function inkOn(background: Rgb): "black" | "white" {
  const light = luminance(background);
  return (light + 0.05) / 0.05 > 1.05 / (light + 0.05) ? "black" : "white";
}

export const hex = (rgb: Rgb): string => `#${rgb.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;

/** `text` on the colour of `part`, for a terminal of that depth. */
export function painted(text: string, part: number, depth: ColourDepth, bold = false): string {
  const codes = scaleCodes(part, depth, viridis);
  return codes === "" ? text : `\u001b[${bold ? "1;" : ""}${codes}m${text}\u001b[0m`;
}

/** Background and ink for `part` of a scale, as SGR codes; empty without colours. */
export function scaleCodes(part: number, depth: ColourDepth, scale: Scale): string {
  if (depth === 1) return "";
  return depth === 4 ? sixteen(part) : depth === 8 ? cube(scale(part)) : exact(scale(part));
}

export const dimmed = (text: string, depth: ColourDepth): string => (depth === 1 ? text : `\u001b[2m${text}\u001b[0m`);

/** WCAG 2: relative luminance of sRGB. */
function luminance(rgb: Rgb): number {
  const [red = 0, green = 0, blue = 0] = rgb.map((byte) => {
    const value = byte / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function exact(background: Rgb): string {
  const ink = inkOn(background) === "black" ? "0;0;0" : "255;255;255";
  return `48;2;${background.join(";")};38;2;${ink}`;
}

/** The 6 x 6 x 6 cube of 256-colour terminals. */
const STEPS = [0, 95, 135, 175, 215, 255];

function cube(rgb: Rgb): string {
  const nearest = (byte: number) =>
    STEPS.reduce((best, step, i) => (Math.abs(step - byte) < Math.abs((STEPS[best] ?? 0) - byte) ? i : best), 0);
  const [red = 0, green = 0, blue = 0] = rgb.map(nearest);
  const shown: Rgb = [STEPS[red] ?? 0, STEPS[green] ?? 0, STEPS[blue] ?? 0];
  return `48;5;${16 + 36 * red + 6 * green + blue};38;5;${inkOn(shown) === "black" ? 16 : 231}`;
}

/** Four of the sixteen colours that get lighter in the order of both scales: blue, cyan, green, yellow. */
function sixteen(part: number): string {
  const steps = ["44;97", "46;30", "42;30", "43;30"];
  return steps[Math.min(steps.length - 1, Math.max(0, Math.floor(part * steps.length)))] ?? "44;97";
}
