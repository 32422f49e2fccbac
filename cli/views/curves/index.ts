import { loadEach, type View } from "../view.js";
import { type CurvesData, loadCurves } from "./data.js";
import { curvesText } from "./text.js";

export const curves: View<CurvesData> = {
  load: loadEach(loadCurves),
  text: curvesText,
  svg: async (shown) => (await import("./svg.js")).curvesSvg(shown),
};
