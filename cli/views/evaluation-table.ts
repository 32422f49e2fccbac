import type { BenchmarkResult, SubjectResult } from "../evaluate/report.js";
import type { EvaluationRow } from "../store/read.js";
import { formatCount, formatScore, formatSeconds, shortId } from "./format.js";
import { prose } from "./parts/prose.js";
import { LABEL, type TableColumn, tableLines } from "./parts/table.js";

const HEADS: readonly TableColumn[] = [
  { key: "run", title: "run" },
  { key: "label", title: "label", ...LABEL },
  { key: "benchmark", title: "benchmark" },
  { key: "score", title: "score", align: "right" },
  { key: "error", title: "± s.e.", align: "right" },
  { key: "rows", title: "rows", align: "right", keep: 3 },
  { key: "shots", title: "shots", align: "right", keep: 2 },
  { key: "took", title: "took", align: "right", keep: 1 },
];

/** Scores with standard errors, a line for each benchmark of each subject, no wider than `width`. */
export function evaluationTable(results: readonly SubjectResult[], width: number | null): string[] {
  const rows = results.flatMap(({ subject, results: all }) =>
    all.map((result) => [subject.run === null ? "-" : shortId(subject.run), subject.label, ...cells(result)]),
  );
  if (rows.length === 0) return [];
  const scored = results.flatMap(({ results: all }) => all.flatMap(({ row }) => row ?? []));
  return [...tableLines(HEADS, rows, width), ...decodings(scored).flatMap((text) => prose(text, width))];
}

function cells({ benchmark, state, row }: BenchmarkResult): string[] {
  if (!row) return [benchmark, state, "-", "-", "-", "-"];
  const took = state === "stored" ? "stored" : formatSeconds(row.seconds);
  return [benchmark, ...scoreCells(row), took];
}

/** Score, standard error, rows and shots of a stored evaluation. */
export function scoreCells(row: Omit<EvaluationRow, "settings">): string[] {
  const rows = row.rows === row.all_rows ? "" : ` of ${formatCount(row.all_rows)}`;
  return [
    row.score === null ? row.state : formatScore(row.score),
    formatScore(row.standard_error),
    `${formatCount(row.rows)}${rows}`,
    String(row.shots),
  ];
}

/** What a reader of scores must know, each once with the name of its benchmark. */
export const benchmarkNotes = (of: readonly { benchmark: string | null; notes: readonly string[] }[]): string[] => [
  ...new Set(of.flatMap(({ benchmark, notes }) => notes.map((note) => `note: ${benchmark}: ${note}`))),
];

/** Protocol and decoding, each once with the benchmarks that have it. */
export function decodings(rows: readonly Omit<EvaluationRow, "settings">[]): string[] {
  const groups = new Map<string, Set<string>>();
  for (const { protocol, decoding, metric, benchmark } of rows) {
    const key = `protocol ${protocol}, ${decoding}, ${metric}`;
    groups.set(key, (groups.get(key) ?? new Set()).add(benchmark));
  }
  return [...groups].map(([key, benchmarks]) => `${[...benchmarks].join(", ")}: ${key}`);
}
