import type { ColumnType } from "../export/data-table.js";
import { type AlertRow, alertsOf } from "../store/read.js";
import { formatCount, formatEpoch } from "./format.js";
import { dataColumn, RUN_COLUMNS } from "./parts/data-column.js";
import { type TableColumn, tableLines } from "./parts/table.js";
import { oneLine } from "./parts/visible.js";
import { loadEach, textOfEach, type View } from "./view.js";

export const alerts: View<AlertRow[]> = {
  load: loadEach((store, run) => alertsOf(store, run.id)),
  text: textOfEach(alertsText),
  table: (shown) => ({
    columns: [...RUN_COLUMNS, ...COLUMNS.map(([key, type]) => dataColumn(key, type))],
    rows: shown.flatMap(({ run, label, data }) =>
      data.map((alert) => [run, label, ...COLUMNS.map(([key]) => alert[key])]),
    ),
  }),
};

const COLUMNS: [keyof AlertRow, ColumnType][] = [
  ["attempt", "integer"],
  ["at", "text"],
  ["level", "text"],
  ["kind", "text"],
  ["step", "integer"],
  ["epoch", "real"],
  ["message", "text"],
];

const HEADS: readonly TableColumn[] = [
  { key: "attempt", title: "attempt", align: "right", keep: 1 },
  { key: "at", title: "at", keep: 0 },
  { key: "level", title: "level" },
  { key: "kind", title: "kind" },
  { key: "epoch", title: "epoch", align: "right", keep: 2 },
  { key: "step", title: "step", align: "right", keep: 2 },
  { key: "message", title: "message", least: 24, long: "wrap" },
];

function alertsText(rows: readonly AlertRow[], width: number | null): string {
  if (rows.length === 0) return "no alerts";
  const cells = rows.map((row) => [
    String(row.attempt),
    row.at.slice(0, 19).replace("T", " "),
    row.level,
    row.kind.replaceAll("_", " "),
    formatEpoch(row.epoch),
    row.step === null ? "-" : formatCount(row.step),
    oneLine(row.message),
  ]);
  return tableLines(HEADS, cells, width).join("\n");
}
