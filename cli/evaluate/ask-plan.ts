import { ProtocolError, UsageError } from "../errors.js";
import type { Executor } from "../executors/executor.js";
import type { EventOf, WorkerCommand, WorkerEvent } from "../protocol/messages.js";
import type { Settings } from "../spec/cell.js";
import type { Devices } from "../spec/devices.js";
import { benchmarksOf, type EvaluationRequest } from "../spec/evaluate-schema.js";
import type { Conversation } from "../worker/conversation.js";
import { modelsOf, type Subject, subjectFields } from "./subject.js";

export type EvaluationPlan = EventOf<"evaluation_planned">;
type Question = Extract<WorkerCommand, { type: "plan_evaluation" }>;

/**
 * Asks one worker what evaluating each of the models of these runs would be. Throws UsageError if that cannot be carried
 * out.
 */
export async function planModels(
  executor: Executor,
  settings: readonly Settings[],
  request: EvaluationRequest,
  { devices, signal }: { devices: Devices; signal?: AbortSignal },
): Promise<{ label: string; plan: EvaluationPlan }[]> {
  const conversation = await executor.converse(devices, signal && { signal });
  try {
    const plans: { label: string; plan: EvaluationPlan }[] = [];
    for (const subject of modelsOf(settings)) {
      plans.push({ label: subject.label, plan: await askPlan(conversation, subject, request) });
    }
    return plans;
  } finally {
    await conversation.close().catch(() => {}); // its error is that of the answer
  }
}

/** What evaluating the subject would be. Throws UsageError if it cannot be carried out. */
export async function askPlan(
  conversation: Conversation,
  subject: Subject,
  request: EvaluationRequest,
): Promise<EvaluationPlan> {
  const events: WorkerEvent[] = [];
  await conversation.ask(planQuestion(subject, request), (event) => events.push(event));
  return planAmong(events);
}

function planQuestion(subject: Subject, request: EvaluationRequest): Question {
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
function planAmong(events: readonly WorkerEvent[]): EvaluationPlan {
  const plan = events.find((event) => event.type === "evaluation_planned");
  if (!plan) throw new ProtocolError("PROTOCOL_INCOMPLETE", "the worker has not said what it would evaluate");
  if (plan.problems.length === 0) return plan;
  throw new UsageError("EVALUATION_IMPOSSIBLE", plan.problems.join("\n"), "nothing was evaluated");
}
