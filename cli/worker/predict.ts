import { ProtocolError } from "../errors.js";
import type { EventOf } from "../protocol/messages.js";
import { type RequestOptions, request } from "./request.js";

export interface PredictText {
  text: string;
  /** Null for tasks of single sentences. */
  text_pair: string | null;
}

export type Prediction = EventOf<"predictions">["items"][number];

/** Label texts with the saved adapter in `folder` (the path of its artifact); one answer per text, in their order. */
export async function predictTexts(
  folder: string,
  texts: PredictText[],
  options: RequestOptions = {},
): Promise<Prediction[]> {
  const { events } = await request({ type: "predict", request: "predict", folder, texts }, options);
  const items = events.flatMap((event) => (event.type === "predictions" ? event.items : []));
  if (items.length !== texts.length) {
    throw new ProtocolError("PROTOCOL_INCOMPLETE", `${items.length} predictions for ${texts.length} texts`);
  }
  return items;
}
