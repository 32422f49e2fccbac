import type { AlertRow } from "../../../store/read.js";
import { clip, fitTo } from "../../../views/parts/fit.js";
import { shortNames } from "../../../views/parts/names-apart.js";
import { textWidth } from "../../../views/parts/text-width.js";
import { oneLine } from "../../../views/parts/visible.js";
import { fitLine, type Line, type Role } from "../../line.js";

/** `HH:MM:SS`, the sign of the level, and a blank after each. */
const HEAD = 11;
/** A message in fewer columns beside the label says little: the label gets less. */
const MESSAGE = 24;

const SIGNS: Record<AlertRow["level"], { sign: string; role: Role | undefined }> = {
  info: { sign: "i", role: undefined },
  warn: { sign: "!", role: "warn" },
  error: { sign: "✗", role: "bad" },
};

/** A line for each alert. `cursor`: place of the one that is chosen. */
export function alertRows(alerts: readonly AlertRow[], cursor: number, columns: number): Line[] {
  const labels = alerts.map(({ label }) => oneLine(label));
  const most = Math.max(1, Math.min(Math.floor(columns / 3), columns - HEAD - MESSAGE));
  const names = shortNames(labels, most);
  const width = Math.max(0, ...names.map((name) => textWidth(name)));
  return alerts.map((alert, index) => {
    const { sign, role } = SIGNS[alert.level];
    const room = Math.max(1, columns - HEAD - width - 1);
    const line: Line = [
      { text: `${clock(alert.at)} `, role: "dim" },
      { text: `${sign} `, role, bold: alert.level === "error" },
      { text: `${fitTo(names[index] ?? "", width)} `, role: "accent" },
      { text: clip(`${alert.kind.replaceAll("_", " ")}: ${oneLine(alert.message)}`, room), role },
    ];
    return index === cursor ? fitLine(line, columns).map((span) => ({ ...span, role: "selected" as const })) : line;
  });
}

const clock = (at: string): string => new Date(at).toLocaleTimeString("en-GB");
