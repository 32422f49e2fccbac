import { prose } from "./parts/prose.js";
import { type TableColumn, tableLines } from "./parts/table.js";

interface Examined {
  name: string;
  state: "ok" | "warn" | "fail";
  value: string;
  advice?: string;
}

const MARK = { ok: "ok", warn: "look", fail: "FAIL" };

const COLUMNS: readonly TableColumn[] = [
  { key: "what", title: "what" },
  { key: "state", title: "state" },
  { key: "found", title: "found", least: 24, long: "wrap" },
];

/** What `lor2c doctor` prints: a table, then what to do. Advice has commands that people copy, so its lines stay whole. */
export function doctorLines(rows: readonly Examined[], width: number | null): string[] {
  const cells = rows.map(({ name, state, value }) => [name, MARK[state], value]);
  const advice = rows.flatMap(({ name, advice: text }) => (text ? advised(name, text, width) : []));
  return [...tableLines(COLUMNS, cells, width), ...advice];
}

const advised = (name: string, text: string, width: number | null): string[] =>
  /`[^`]+`/.test(text) ? [`${name}: ${text}`] : prose(`${name}: ${text}`, width);
