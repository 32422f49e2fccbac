import type { EventOf, WorkerCommand, WorkerEvent } from "../protocol/messages.js";
import { Conversation, type ConversationOptions } from "./conversation.js";

export interface RequestOptions extends Omit<ConversationOptions, "signal"> {
  /** Ends the worker at once; the call then throws. */
  signal?: AbortSignal;
}

/** A command that is answered with events and does not train. */
export type Question = Extract<
  WorkerCommand,
  { type: "inspect" | "count" | "examine" | "survey" | "predict" | "predict_file" | "plan_evaluation" }
>;

export interface Answer {
  ready: EventOf<"ready">;
  /** All events of the worker. */
  events: WorkerEvent[];
}

/** Asks a worker a question, wherever it runs. */
export type Ask = (question: Question) => Promise<Answer>;

/** Starts a worker for one command, collects the events that answer it, and ends the worker. */
export async function request(
  command: WorkerCommand & { request: string },
  options: RequestOptions = {},
): Promise<Answer> {
  const events: WorkerEvent[] = [];
  const onEvent = (event: WorkerEvent) => {
    options.onEvent?.(event);
    events.push(event);
  };
  const conversation = await Conversation.open({ ...options, onEvent });
  try {
    await conversation.ask(command);
    return { ready: conversation.ready, events };
  } finally {
    await conversation.close();
  }
}
