import type { EventOf } from "../protocol/messages.js";
import type { EvaluationRow } from "../store/read.js";
import type { Subject } from "./subject.js";

export type PlannedBenchmark = EventOf<"evaluation_planned">["benchmarks"][number];

/** How the evaluation of one benchmark ended. */
export interface BenchmarkResult {
  benchmark: string;
  /** `stored`: it was evaluated before, and nothing was done; `busy`: another process does it. */
  state: "evaluated" | "stored" | "failed" | "stopped" | "busy";
  /** The stored row where there is a score. */
  row: EvaluationRow | null;
  /** Why there is none. */
  message: string | null;
}

/** The results of one run or model, in the order of the benchmarks. */
export interface SubjectResult {
  subject: Subject;
  protocol: string;
  results: BenchmarkResult[];
}

/** What happens while evaluations are carried out. */
export type EvaluationEvent =
  | { kind: "begins"; subject: Subject; protocol: string; benchmarks: readonly PlannedBenchmark[] }
  | {
      kind: "progress";
      subject: Subject;
      benchmark: string;
      rows: number;
      total: number;
      /** Until all benchmarks of the subject are scored; null if not yet known. */
      secondsLeft: number | null;
    }
  | { kind: "result"; subject: Subject; protocol: string; result: BenchmarkResult };

export type TellEvaluation = (event: EvaluationEvent) => void;

/** Whether every benchmark has its score. */
export const allScored = (results: readonly SubjectResult[]): boolean =>
  results.every((one) => one.results.every(({ row }) => row !== null));
