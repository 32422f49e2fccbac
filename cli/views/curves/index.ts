import { loadEach, type View } from "../view.js";
import { type CurvesData, loadCurves } from "./data.js";
import { curvesTable } from "./table.js";
import { curvesText } from "./text.js";

export const curves: View<CurvesData> = {
  load: loadEach(loadCurves),
  text: curvesText,
  table: curvesTable,
  vega: async (shown) => (await import("./vega.js")).curvesVega(shown),
  svg: async (shown) => (await import("./svg.js")).curvesSvg(shown),
};
