import { loadEach, textOfEach, type View } from "../view.js";
import { loadTimeline, type TimelineData } from "./data.js";
import { timelineTable } from "./table.js";
import { timelineText } from "./text.js";

export const timeline: View<TimelineData> = {
  load: loadEach(loadTimeline),
  text: textOfEach(timelineText),
  table: timelineTable,
  vega: async (shown) => (await import("./vega.js")).timelineVega(shown),
  svg: async (shown) => (await import("./svg.js")).timelineSvg(shown),
};
