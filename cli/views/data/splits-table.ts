import stringWidth from "string-width";
import type { ExaminedReport } from "../../protocol/messages.js";
import { formatCount, formatValue } from "../format.js";
import { fitTo } from "../parts/fit.js";
import { oneLine } from "../parts/visible.js";

type Split = ExaminedReport["splits"][number];
type Tokens = NonNullable<Split["tokens"]>;
type Values = NonNullable<Split["values"]>;

/** More labels than these are one line; `--json` has all. */
const MOST_LABELS = 30;
export const NAMES = { train: "train", holdout: "held out", eval: "eval" } as const;

/** A column for each split: rows, labels or values, tokens, and what is odd about texts. */
export function splitsTable(report: ExaminedReport, width: number): string[] {
  const { splits } = report;
  const rows: [string, string[]][] = [
    ["", splits.map(({ split }) => NAMES[split])],
    ["rows", splits.map((split) => formatCount(split.rows))],
    ...labelRows(splits),
    ...valueRows(splits),
    ...tokenRows(report),
    ...oddRows(report),
  ];
  const columns = splits.map((_, i) => Math.max(...rows.map(([, cells]) => stringWidth(cells[i] ?? ""))));
  const numbers = columns.reduce((sum, column) => sum + column + 2, 0);
  const longest = Math.max(...rows.map(([title]) => stringWidth(title)));
  const first = Math.max(10, Math.min(longest, width - numbers));
  return rows.map(([title, cells]) =>
    [fitTo(title, first), ...cells.map((cell, i) => fitTo(cell, columns[i] ?? 0, "right"))].join("  ").trimEnd(),
  );
}

const share = (part: number, of: number) => (of === 0 ? "-" : `${((100 * part) / of).toFixed(1)} %`.padStart(7));
const someOf = (part: number, of: number) => (part === 0 ? "0" : counted(part, of));
const counted = (part: number, of: number) => `${formatCount(part)}  ${share(part, of)}`;

function labelRows(splits: readonly Split[]): [string, string[]][] {
  const labels = splits[0]?.labels ?? [];
  const rows = labels
    .slice(0, MOST_LABELS)
    .map(({ label }, i): [string, string[]] => [
      `  ${oneLine(label)}`,
      splits.map((split) => counted(split.labels[i]?.rows ?? 0, split.rows)),
    ]);
  if (labels.length > MOST_LABELS) {
    const rest = (split: Split) => split.labels.slice(MOST_LABELS).reduce((sum, { rows }) => sum + rows, 0);
    const title = `  ${formatCount(labels.length - MOST_LABELS)} more labels`;
    rows.push([title, splits.map((split) => counted(rest(split), split.rows))]);
  }
  const numbers = [...new Set(splits.flatMap((split) => split.labels_per_row.map(({ labels: n }) => n)))].sort(
    (a, b) => a - b,
  );
  for (const n of numbers) {
    const of = (split: Split) => split.labels_per_row.find(({ labels: one }) => one === n)?.rows ?? 0;
    const title = `rows with ${n === 0 ? "no label" : n === 1 ? "1 label" : `${n} labels`}`;
    rows.push([title, splits.map((split) => counted(of(split), split.rows))]);
  }
  return rows;
}

const VALUES: [string, (values: Values) => string][] = [
  ["  min", ({ min }) => formatValue(min)],
  ["  25 %", ({ quarter }) => formatValue(quarter)],
  ["  median", ({ median }) => formatValue(median)],
  ["  75 %", ({ three_quarters }) => formatValue(three_quarters)],
  ["  max", ({ max }) => formatValue(max)],
  ["  mean", ({ mean }) => formatValue(mean)],
  ["  different", ({ distinct }) => formatCount(distinct)],
];

function valueRows(splits: readonly Split[]): [string, string[]][] {
  if (splits.every(({ values }) => values === null)) return [];
  return [
    ["values", splits.map(() => "")],
    ...VALUES.map(([title, of]): [string, string[]] => [
      title,
      splits.map(({ values }) => (values ? of(values) : "-")),
    ]),
  ];
}

function tokenRows({ splits, max_length }: ExaminedReport): [string, string[]][] {
  if (splits.every(({ tokens }) => tokens === null)) return [];
  const sampled = splits.some(({ rows, tokens }) => tokens !== null && tokens.rows < rows);
  const row = (title: string, of: (tokens: Tokens) => string): [string, string[]] => [
    title,
    splits.map(({ tokens }) => (tokens ? of(tokens) : "-")),
  ];
  return [
    [sampled ? "tokens of a row (in a sample)" : "tokens of a row", splits.map(() => "")],
    ...(sampled ? [row("  rows in the sample", ({ rows }) => formatCount(rows))] : []),
    row("  min", ({ min }) => formatCount(min)),
    row("  median", ({ median }) => formatCount(median)),
    row("  90 %", ({ p90 }) => formatCount(p90)),
    row("  99 %", ({ p99 }) => formatCount(p99)),
    row("  max", ({ max }) => formatCount(max)),
    row(`  cut at ${max_length}`, ({ cut, rows }) => someOf(cut, rows)),
    row("  unknown to the tokenizer", ({ unknown, words }) => share(unknown, words).trim()),
  ];
}

function oddRows({ splits, kind }: ExaminedReport): [string, string[]][] {
  const blank = (split: Split) => split.blank.rows;
  const repeated = (split: Split) => split.repeated.rows;
  const kinds: [string, (split: Split) => number][] =
    kind === "language_model"
      ? [
          ["blank prompt or response", blank],
          ["the same as an earlier row", repeated],
        ]
      : [
          ["blank text", blank],
          ["text of an earlier row", repeated],
          [
            kind === "regress" ? "text with several values" : "text with several labels",
            ({ contradicting }) => contradicting.rows,
          ],
        ];
  return kinds.map(([title, of]) => [title, splits.map((split) => someOf(of(split), split.rows))]);
}
