import { ProtocolError, UsageError } from "../errors.js";
import type { EventOf, WorkerCommand, WorkerEvent } from "../protocol/messages.js";
import { benchmarksOf, type EvaluationRequest } from "../spec/evaluate-schema.js";
import { type Subject, subjectFields } from "./subject.js";

export type EvaluationPlan = EventOf<"evaluation_planned">;
type Question = Extract<WorkerCommand, { type: "plan_evaluation" }>;

export function planQuestion(subject: Subject, request: EvaluationRequest): Question {
  const benchmarks = benchmarksOf(request);
  return {
    type: "plan_evaluation",
    request: "plan-evaluation",
    ...subjectFields(subject),
    evaluation: settingsOf(request),
    benchmarks,
  };
}

/** What the commands of the protocol have of a request. */
export function settingsOf({ benchmarks: _, ...settings }: EvaluationRequest): Question["evaluation"] {
  return settings;
}

/** The plan among the events that answered. Throws UsageError if the evaluation cannot be carried out. */
export function planAmong(events: readonly WorkerEvent[]): EvaluationPlan {
  const plan = events.find((event) => event.type === "evaluation_planned");
  if (!plan) throw new ProtocolError("PROTOCOL_INCOMPLETE", "the worker has not said what it would evaluate");
  if (plan.problems.length === 0) return plan;
  throw new UsageError("EVALUATION_IMPOSSIBLE", plan.problems.join("\n"), "nothing was evaluated");
}
