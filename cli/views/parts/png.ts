import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Resvg } from "@resvg/resvg-js";
import { FONT } from "./svg.js";

const require = createRequire(import.meta.url);

/** Pixels per unit of the SVG: sharp in print at the width of a column. */
const ZOOM = 3;

/** Renders an SVG as PNG. Uses only fonts that come with the package, so that all machines draw the same. */
export function svgToPng(svg: string): Buffer {
  const fonts = join(dirname(require.resolve("dejavu-fonts-ttf/package.json")), "ttf");
  const fontFiles = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((name) => join(fonts, name));
  const font = { fontFiles, loadSystemFonts: false, defaultFontFamily: FONT, sansSerifFamily: FONT };
  return new Resvg(svg, { font, fitTo: { mode: "zoom", value: ZOOM } }).render().asPng();
}
