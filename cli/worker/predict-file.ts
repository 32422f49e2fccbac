import { ProtocolError } from "../errors.js";
import type { EventOf, WorkerCommand, WorkerEvent } from "../protocol/messages.js";
import { type RequestOptions, request } from "./request.js";

export type FileToLabel = Omit<Extract<WorkerCommand, { type: "predict_file" }>, "type" | "request">;
export type Predicting = EventOf<"predicting">;
export type Predicted = EventOf<"predicted">;

export interface Watching extends Pick<RequestOptions, "signal" | "commandOverride"> {
  onProgress?: (progress: Predicting) => void;
}

/** Labels the rows of a file. The file that it writes is complete when this resolves; else it is to be removed. */
export async function predictFile(file: FileToLabel, { onProgress, ...options }: Watching): Promise<Predicted> {
  const onEvent = (event: WorkerEvent) => {
    if (event.type === "predicting") onProgress?.(event);
  };
  const { events } = await request({ type: "predict_file", request: "predict-file", ...file }, { ...options, onEvent });
  const predicted = events.find((event) => event.type === "predicted");
  if (!predicted) throw new ProtocolError("PROTOCOL_INCOMPLETE", "the worker has not said that the file is complete");
  return predicted;
}
