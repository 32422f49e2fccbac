import { constantAnswer } from "../../store/score-direction.js";
import { formatValue } from "../format.js";
import { chart } from "../parts/chart.js";
import { namedNumber } from "../parts/named-number.js";
import { prose } from "../parts/prose.js";
import { type OfRun, UNBOUNDED } from "../view.js";
import { type CurvesData, lastText, NOTHING, type Panel, panelsOf } from "./data.js";

const HEIGHT = 8;

/** A chart for each measure, with a line for each run. */
export function curvesText(shown: readonly OfRun<CurvesData>[], limit: number | null): string {
  const width = limit ?? UNBOUNDED;
  const blocks = panelsOf(shown).map((panel) => panelText(panel, shown.length > 1, width));
  return blocks.length > 0 ? blocks.join("\n\n") : NOTHING;
}

function panelText({ title, majority, series }: Panel, several: boolean, width: number): string {
  const beside = majority === null ? "" : ` (${constantAnswer(title)} ${formatValue(majority)})`;
  const [first] = series;
  const heading = `${title}${beside} by epoch${several || !first ? "" : `: ${lastText(first)}`}`;
  const marked = series.map(({ index, points }) => ({ points, index, mark: several ? String(index + 1) : "" }));
  const legend = several
    ? series.flatMap((one) => namedNumber(`  ${one.index + 1}  `, one.name, lastText(one), width))
    : [];
  return [...prose(heading, width), ...chart(marked, { width, height: HEIGHT, xName: "epoch" }), ...legend].join("\n");
}
