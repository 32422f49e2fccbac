import type { ProtocolError } from "../errors.js";

/** How a worker process ended. */
export interface WorkerEnd {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stderrTail: string[];
  protocolError?: ProtocolError;
}
