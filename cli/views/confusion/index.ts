import { loadPredictions } from "../../store/predictions.js";
import { loadEach, textOfEach, type View } from "../view.js";
import { type Report, reportOf } from "./report.js";
import { confusionTable } from "./table.js";
import { confusionText } from "./text.js";

export const confusion: View<Report> = {
  load: loadEach((store, run) => reportOf(loadPredictions(store, run))),
  text: textOfEach(confusionText),
  table: confusionTable,
  vega: async (shown) => (await import("./vega.js")).confusionVega(shown),
  svg: async (shown) => (await import("./svg.js")).confusionSvg(shown),
};
