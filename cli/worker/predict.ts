import { ProtocolError } from "../errors.js";
import type { EventOf } from "../protocol/messages.js";
import type { Ask } from "./request.js";

export interface PredictText {
  text: string;
  /** Null for tasks of single sentences. */
  text_pair: string | null;
}

export type Prediction = EventOf<"predictions">["items"][number];

/** Labels texts with the saved adapter in `folder` (the path of its artifact); one answer per text, in their order. */
export async function predictTexts(folder: string, texts: PredictText[], ask: Ask): Promise<Prediction[]> {
  const { events } = await ask({ type: "predict", request: "predict", folder, texts });
  const items = events.flatMap((event) => (event.type === "predictions" ? event.items : []));
  if (items.length !== texts.length) {
    throw new ProtocolError("PROTOCOL_INCOMPLETE", `${items.length} predictions for ${texts.length} texts`);
  }
  return items;
}
