import { createRequire } from "node:module";
import { Resvg } from "@resvg/resvg-js";
import { FONT } from "./svg.js";

/** Pixels of the picture per unit of the SVG: sharp in print at the size of a column. */
const ZOOM = 3;

/** An SVG of ours as PNG. Fonts come with the package and none from the system, so that all machines draw the same. */
export function svgToPng(svg: string): Buffer {
  const find = createRequire(import.meta.url).resolve;
  const fontFiles = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((name) => find(`dejavu-fonts-ttf/ttf/${name}`));
  const font = { fontFiles, loadSystemFonts: false, defaultFontFamily: FONT, sansSerifFamily: FONT };
  return new Resvg(svg, { font, fitTo: { mode: "zoom", value: ZOOM } }).render().asPng();
}
