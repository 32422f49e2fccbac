import stringWidth from "string-width";
import type { BenchmarkResult, SubjectResult } from "../evaluate/report.js";
import type { EvaluationRow } from "../store/read.js";
import { type Column, columns } from "./columns.js";
import { formatCount, formatScore, formatSeconds, shortId } from "./format.js";
import { clip } from "./parts/fit.js";
import { oneLine } from "./parts/visible.js";

const HEADS: Column[] = [
  { title: "run" },
  { title: "benchmark" },
  { title: "score", align: "right" },
  { title: "± s.e.", align: "right" },
  { title: "rows", align: "right" },
  { title: "shots", align: "right" },
  { title: "took", align: "right" },
  { title: "label" },
];

/** Scores with standard errors, a line for each benchmark of each subject, no wider than `width`. */
export function evaluationTable(results: readonly SubjectResult[], width: number): string[] {
  const rows = results.flatMap(({ subject, results: all }) =>
    all.map((result) => [
      subject.run === null ? "-" : shortId(subject.run),
      ...cells(result),
      // The label is the last column, and may be cut.
      oneLine(subject.label),
    ]),
  );
  if (rows.length === 0) return [];
  const scored = results.flatMap(({ results: all }) => all.flatMap(({ row }) => row ?? []));
  const lines = columns(HEADS, rows).map((line) => clip(line, width));
  return [...lines, ...decodings(scored, width)];
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
export function decodings(rows: readonly Omit<EvaluationRow, "settings">[], width: number): string[] {
  const groups = new Map<string, Set<string>>();
  for (const { protocol, decoding, metric, benchmark } of rows) {
    const key = `protocol ${protocol}, ${decoding}, ${metric}`;
    groups.set(key, (groups.get(key) ?? new Set()).add(benchmark));
  }
  return [...groups].flatMap(([key, benchmarks]) => {
    const line = `${[...benchmarks].join(", ")}: ${key}`;
    return stringWidth(line) <= width ? [line] : [`${[...benchmarks].join(", ")}:`, `  ${key}`];
  });
}
