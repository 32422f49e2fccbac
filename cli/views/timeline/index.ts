import { loadEach, textOfEach, type View } from "../view.js";
import { loadTimeline, type TimelineData } from "./data.js";
import { timelineText } from "./text.js";

export const timeline: View<TimelineData> = {
  load: loadEach(loadTimeline),
  text: textOfEach(timelineText),
  svg: async (shown) => (await import("./svg.js")).timelineSvg(shown),
};
