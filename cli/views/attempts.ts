import type { ColumnType } from "../export/data-table.js";
import { errorText } from "../protocol/divergence.js";
import { type AttemptRow, describeOwner, getAttempts, scoresSoFar } from "../store/read.js";
import { formatScore, formatSeconds, formatSoFar, soFarNote } from "./format.js";
import { dataColumn, RUN_COLUMNS } from "./parts/data-column.js";
import { prose } from "./parts/prose.js";
import { type TableColumn, tableLines } from "./parts/table.js";
import { loadEach, textOfEach, type View } from "./view.js";

/** An attempt, and of one that has not finished its best score until now. */
type ShownAttempt = AttemptRow & { score_so_far: number | null };

export const attempts: View<ShownAttempt[]> = {
  load: loadEach((store, run) => {
    const rows = getAttempts(store, run.id);
    const soFar = scoresSoFar(
      store,
      rows.map(({ id }) => id),
    );
    return rows.map((row) => ({ ...row, score_so_far: soFar.get(row.id)?.score ?? null }));
  }),
  text: textOfEach(attemptsText),
  table: (shown) => ({
    columns: [...RUN_COLUMNS, ...COLUMNS.map(([key, type]) => dataColumn(key, type))],
    rows: shown.flatMap(({ run, label, data }) =>
      data.map((attempt) => [run, label, ...COLUMNS.map(([key]) => attempt[key])]),
    ),
  }),
};

const COLUMNS = [
  ...[
    ["number", "integer"],
    ["state", "text"],
    ["started_at", "text"],
    ["ended_at", "text"],
  ],
  ...[
    ["score_name", "text"],
    ["best_score", "real"],
    ["best_epoch", "real"],
    ["last_score", "real"],
    ["score_so_far", "real"],
  ],
  ...[
    ["final_trainable_parameters", "integer"],
    ["total_seconds", "real"],
    ["peak_memory", "integer"],
  ],
  ...[
    ["error_type", "text"],
    ["message", "text"],
  ],
] as [keyof ShownAttempt, ColumnType][];

const HEADS: readonly TableColumn[] = [
  { key: "attempt", title: "attempt", align: "right" },
  { key: "state", title: "state" },
  { key: "started", title: "started" },
  { key: "ended", title: "ended" },
  { key: "took", title: "took", align: "right" },
  { key: "score", title: "score", align: "right" },
  { key: "runner", title: "runner", least: 12, keep: 1 },
];

/** A line for each attempt, then the messages, whole, since people copy them. */
function attemptsText(rows: readonly ShownAttempt[], width: number | null): string {
  if (rows.length === 0) return "not tried yet";
  const cells = rows.map((row) => [
    String(row.number),
    row.state.replaceAll("_", " "),
    timeText(row.started_at),
    endText(row),
    formatSeconds(row.total_seconds),
    row.score_so_far === null ? formatScore(row.best_score) : formatSoFar(row.score_so_far),
    describeOwner({ kind: row.owner_kind, id: row.owner }),
  ]);
  const messages = messagesOf(rows).flatMap((text) => prose(text, width));
  const open = rows.some((row) => row.score_so_far !== null);
  const note = open ? prose(soFarNote("best"), width) : [];
  return [...tableLines(HEADS, cells, width), ...note, ...(messages.length > 0 ? [""] : []), ...messages].join("\n");
}

/** Each message once, with the attempts that have it. */
function messagesOf(rows: readonly AttemptRow[]): string[] {
  const numbers = new Map<string, number[]>();
  for (const { number, error_type: type, message } of rows) {
    const text = type === null ? message : errorText(type, message ?? "");
    if (text) numbers.set(text, [...(numbers.get(text) ?? []), number]);
  }
  return [...numbers].map(([text, of]) => `attempt${of.length === 1 ? "" : "s"} ${of.join(", ")}: ${text}`);
}

const timeText = (time: string): string => time.slice(0, 19).replace("T", " ");

/** The time, and the day where it is not that of the start. */
function endText({ started_at, ended_at }: AttemptRow): string {
  if (ended_at === null) return "-";
  const [from, to] = [timeText(started_at), timeText(ended_at)];
  return from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to;
}
