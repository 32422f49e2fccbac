/** The first line of the screen: what is shown, how far it is, and what is left. Pure. */

import type { RunState } from "../job/run-state.js";
import { formatCount, formatSeconds } from "../views/format.js";
import { bar } from "../views/parts/bar.js";
import { clip } from "../views/parts/fit.js";
import { textWidth } from "../views/parts/text-width.js";
import { oneLine } from "../views/parts/visible.js";
import type { Progress, ScreenData } from "./data.js";
import { type Line, lineWidth, type Span } from "./line.js";

/** Counts of these follow the finished runs, in this order. */
const TOLD: readonly RunState[] = [
  ...(["running", "elsewhere", "failed", "out_of_memory", "lost", "stopped", "skipped", "planned"] as const),
];
const BAD: ReadonlySet<RunState> = new Set(["failed", "out_of_memory", "lost"]);
const SHORTEST_TITLE = 8;

/** Parts that do not fit are left out, the least important first. `devices`: a few words about them. */
export function headerLine(
  { title, progress }: Pick<ScreenData, "title" | "progress">,
  devices: string,
  columns: number,
) {
  const parts = partsOf(progress, devices);
  const right: Span = { text: " ", role: "dim" };
  let room = columns - lineWidth([right]) - SHORTEST_TITLE - 2;
  const kept = new Set<Span[]>();
  for (const { spans } of [...parts].sort((a, b) => a.rank - b.rank)) {
    const wide = lineWidth(spans) + 2;
    if (wide > room) continue;
    kept.add(spans);
    room -= wide;
  }
  const name = clip(oneLine(title), Math.max(SHORTEST_TITLE, Math.min(textWidth(title), room + SHORTEST_TITLE)));
  const left: Span[] = [{ text: ` ${name}`, role: "title", bold: true }];
  for (const { spans } of parts) if (kept.has(spans)) left.push({ text: "  " }, ...spans);
  const gap = columns - lineWidth(left) - lineWidth([right]);
  return [...left, { text: " ".repeat(Math.max(0, gap)) }, right] satisfies Line;
}

function partsOf({ fraction, finished, total, counts, secondsLeft }: Progress, devices: string) {
  const count = new Map(counts.map((entry) => [entry.state, entry.count]));
  const told = TOLD.filter((state) => count.has(state));
  const left = leftText(secondsLeft);
  const percent = `${Math.floor(fraction * 100)}%`;
  return [
    { rank: 4, spans: [{ text: bar(fraction, 10), role: "accent" as const }] },
    { rank: 0, spans: [{ text: percent }] },
    { rank: 1, spans: [{ text: `${formatCount(finished)}/${formatCount(total)} runs` }] },
    ...told.map((state, index) => ({
      rank: BAD.has(state) ? 2 : 5 + index,
      spans: [
        {
          text: `${formatCount(count.get(state) ?? 0)} ${stateWord(state)}`,
          role: BAD.has(state) ? ("bad" as const) : undefined,
        },
      ] satisfies Span[],
    })),
    ...(left === "" ? [] : [{ rank: 3, spans: [{ text: `about ${left}` }] }]),
    ...(devices === "" ? [] : [{ rank: 20, spans: [{ text: devices, role: "dim" as const }] }]),
  ];
}

/** `12.0s left`; empty if that is not known, or less than a second, which is over before it is read. */
export const leftText = (seconds: number | null): string =>
  seconds === null || seconds < 1 ? "" : `${formatSeconds(seconds)} left`;

/** A state in the words of people. */
export function stateWord(state: RunState): string {
  if (state === "planned") return "waiting";
  if (state === "skipped") return "not started";
  return state.replaceAll("_", " ");
}
