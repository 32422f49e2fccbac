import { ProtocolError } from "../errors.js";
import type { Surveyed } from "../protocol/messages.js";
import type { Ask } from "./request.js";

/** What the columns of a table have in them. `path` is absolute; the tokenizer of `model` counts tokens. */
export async function survey(path: string, model: string, ask: Ask): Promise<Surveyed> {
  const { events } = await ask({ type: "survey", request: "survey", path, model });
  const found = events.find((event) => event.type === "surveyed");
  if (!found) throw new ProtocolError("PROTOCOL_INCOMPLETE", "the worker did not say what the columns are");
  return found;
}
