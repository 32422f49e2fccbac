import { Lor2cError, ProtocolError, WorkerError } from "../errors.js";
import { EvaluationOrder } from "../protocol/evaluation-order.js";
import type { EventOf, WorkerCommand, WorkerEvent } from "../protocol/messages.js";
import type { EvaluationRequest } from "../spec/evaluate-schema.js";
import { getEvaluation } from "../store/read.js";
import type { Store } from "../store/store.js";
import {
  claimEvaluation,
  finishEvaluation,
  HEARTBEAT_SECONDS,
  keepEvaluations,
  leaveEvaluations,
  recordSamples,
} from "../store/write.js";
import type { Conversation } from "../worker/conversation.js";
import { askPlan, type EvaluationPlan, settingsOf } from "./ask-plan.js";
import type { BenchmarkResult, SubjectResult, TellEvaluation } from "./report.js";
import { type Subject, subjectFields } from "./subject.js";
import type { Turns } from "./turns.js";

export interface Evaluator {
  store: Store;
  conversation: Conversation;
  request: EvaluationRequest;
  tell: TellEvaluation;
  /** Of adapters: equal ones, as those of runs with `method: none`, have the same scores, which one subject gets. */
  turns: Turns;
  /** Gets what the worker's device reports. */
  onDevice?: ((reading: EventOf<"device_usage">) => void) | undefined;
  /** Aborted: the worker ends after the rows that it has in hand. */
  stop: AbortSignal;
}

type Evaluate = Extract<WorkerCommand, { type: "evaluate" }>;

/**
 * Plans and scores the benchmarks of one subject, and stores every row. Those that are stored already are not scored
 * again. A failure of the worker is in the results; throws UsageError if there is nothing to score it with.
 */
export async function evaluateSubject(subject: Subject, evaluator: Evaluator): Promise<SubjectResult> {
  const plan = await planned(subject, evaluator);
  const same = JSON.stringify([plan.model_hash, plan.adapter_hash]);
  return await evaluator.turns.take(same, () => evaluatePlanned(subject, plan, evaluator));
}

async function evaluatePlanned(subject: Subject, plan: EvaluationPlan, evaluator: Evaluator): Promise<SubjectResult> {
  const { store, request, tell } = evaluator;
  evaluator.stop.throwIfAborted();
  const { protocol } = request;
  tell({ kind: "begins", subject, protocol, benchmarks: plan.benchmarks });
  const results = new Map<string, BenchmarkResult>();
  const add = (result: BenchmarkResult) => {
    results.set(result.benchmark, result);
    tell({ kind: "result", subject, protocol, result });
  };
  const todo: (Evaluate["benchmarks"][number] & { key: string })[] = [];
  for (const benchmark of plan.benchmarks) {
    const { data_hash, settings_hash } = benchmark;
    const claimed = claimEvaluation(store, {
      ...{ model_hash: plan.model_hash, adapter_hash: plan.adapter_hash, protocol, data_hash, settings_hash },
      ...{ benchmark: benchmark.benchmark, model: subject.model, run: subject.run, planned: benchmark },
      settings: settingsOf(request),
      ready: evaluator.conversation.ready,
    });
    const of = { benchmark: benchmark.benchmark, row: null, message: null };
    if ("stored" in claimed) add({ ...of, state: "stored", row: claimed.stored });
    else if ("busy" in claimed) add({ ...of, state: "busy", message: `${claimed.busy} evaluates it` });
    else todo.push({ benchmark: of.benchmark, data_hash, settings_hash, folder: claimed.folder, key: claimed.key });
  }
  if (todo.length > 0) {
    const command: Evaluate = {
      type: "evaluate",
      request: "evaluate",
      ...subjectFields(subject),
      evaluation: settingsOf(request),
      ...{ model_hash: plan.model_hash, adapter_hash: plan.adapter_hash },
      benchmarks: todo.map(({ key: _, ...benchmark }) => benchmark),
    };
    await score(subject, command, new Map(todo.map(({ benchmark, key }) => [benchmark, key])), evaluator, add);
  }
  return { subject, protocol, results: [...results.values()] };
}

/** While it plans, a worker has nothing to save: a stop ends it at once. */
async function planned(subject: Subject, { conversation, request, stop }: Evaluator) {
  const end = () => conversation.kill();
  stop.addEventListener("abort", end);
  try {
    stop.throwIfAborted();
    return await askPlan(conversation, subject, request);
  } catch (error) {
    stop.throwIfAborted();
    throw error;
  } finally {
    stop.removeEventListener("abort", end);
  }
}

/** Lets the worker score benchmarks, and stores what it says. `keys`: of the rows in the database, by benchmark. */
async function score(
  subject: Subject,
  command: Evaluate,
  keys: ReadonlyMap<string, string>,
  { store, conversation, tell, stop, onDevice }: Evaluator,
  add: (result: BenchmarkResult) => void,
): Promise<void> {
  const order = new EvaluationOrder(command);
  const told = new Map<string, number>();
  const end = () => {
    order.stopped();
    void conversation.stop().catch(() => {}); // the answer has the error
  };
  const hear = (event: WorkerEvent) => {
    order.accept(event);
    if (event.type === "device_usage") onDevice?.(event);
    if (event.type === "samples") record(event);
    if (event.type === "evaluating") {
      const { benchmark, rows, total, seconds_left: secondsLeft } = event;
      tell({ kind: "progress", subject, benchmark, rows, total, secondsLeft });
    }
    if (event.type === "evaluated") {
      const key = keys.get(event.benchmark) as string;
      finishEvaluation(store, key, event);
      const row = getEvaluation(store, key) ?? null;
      add({ benchmark: event.benchmark, state: "evaluated", row, message: null });
    }
  };
  const record = ({ benchmark, items }: EventOf<"samples">) => {
    const before = told.get(benchmark) ?? 0;
    recordSamples(store, keys.get(benchmark) as string, items, before);
    told.set(benchmark, before + items.length);
  };
  const openKeys = () => order.open.map((benchmark) => keys.get(benchmark) as string);
  const leave = (message: string | null, state: "failed" | "stopped") => {
    leaveEvaluations(store, openKeys(), message);
    for (const benchmark of order.open) add({ benchmark, state, row: null, message });
  };
  const keep = () => {
    try {
      keepEvaluations(store, openKeys());
    } catch {
      // A lease outlasts many of these; what ails the database shows at the next rows.
    }
  };
  const beat = setInterval(keep, HEARTBEAT_SECONDS * 1000);
  stop.addEventListener("abort", end);
  try {
    if (!stop.aborted) await conversation.ask(command, hear);
    leave(null, "stopped");
  } catch (error) {
    if (stop.aborted) return leave(null, "stopped");
    if (error instanceof WorkerError || error instanceof ProtocolError) return leave(error.message, "failed");
    leave(error instanceof Lor2cError ? error.message : String(error), "failed");
    throw error;
  } finally {
    clearInterval(beat);
    stop.removeEventListener("abort", end);
  }
}
