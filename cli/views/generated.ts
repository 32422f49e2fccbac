import type { EventOf } from "../protocol/messages.js";
import { formatSeconds, plural } from "./format.js";

type End = NonNullable<EventOf<"generated">["end"]>;

const REASONS: Record<End["reason"], string> = {
  stop: "the model ended the text",
  length: "cut at --max-new-tokens",
  stopped: "interrupted",
};

/** What is said after a generated text. */
export function generatedNote({ reason, prompt_tokens, new_tokens, seconds }: End, template: string): string {
  const name = template === "alpaca" || template === "chat" ? `the ${template}` : "the run's own";
  const around = template === "none" ? "" : ` in ${name} template`;
  return `${plural(new_tokens, "token")} in ${formatSeconds(seconds)} after a prompt of ${plural(prompt_tokens, "token")}${around}; ${REASONS[reason]}`;
}
