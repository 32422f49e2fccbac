import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { type Logger, pino, stdTimeFunctions } from "pino";
import { RUN_LOG } from "../attempt-files.js";
import type { WorkerEvent } from "../protocol/messages.js";

/** An attempt, with what its log says about it. */
export interface LoggedAttempt {
  run: string;
  number: number;
  folder: string;
}

/**
 * NDJSON logs of attempts, each in its folder. Written synchronously, because the most important lines come shortly
 * before something breaks. No file stays open, because a job may have thousands of runs but few descriptors.
 */
export class RunLogs {
  readonly #attempts = new Map<string, LoggedAttempt>();
  readonly #logger: Logger;
  /** The runs of the line that is being written. */
  #to: readonly string[] = [];
  #failed = false;

  /** `onError` is called once if a log cannot be written; the job continues. */
  constructor(private readonly onError: (error: Error) => void) {
    this.#logger = pino(
      {
        base: null,
        timestamp: stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      { write: (line) => this.#append(line) },
    );
  }

  open(attempt: LoggedAttempt): void {
    this.#attempts.set(attempt.run, attempt);
  }

  write(runs: readonly string[], level: "debug" | "info" | "warn" | "error", fields: object, text: string): void {
    this.#to = runs;
    this.#logger[level](fields, text);
  }

  /** Logs the important events of a worker; the numbers are in the database. */
  event(runs: readonly string[], event: WorkerEvent): void {
    const { type, seq: _, ...rest } = event;
    const { cells: __, ...fields } = "cells" in rest ? rest : { ...rest, cells: [] };
    const together = runs.length > 1 ? { ...fields, together: runs.length } : fields;
    switch (event.type) {
      case "ready":
        this.write(runs, "info", fields, "worker ready");
        return;
      case "log":
        this.write(runs, event.level, { source: "worker" }, event.message);
        return;
      case "started":
      case "change":
      case "artifact":
      case "finished":
      case "stopped":
        this.write(runs, "info", together, type);
        return;
      case "failed":
      case "out_of_memory":
        this.write(runs, "error", together, type);
        return;
      default:
        return;
    }
  }

  #append(line: string): void {
    for (const run of this.#to) {
      const attempt = this.#attempts.get(run);
      if (!attempt) continue;
      const whose = JSON.stringify({ run, attempt: attempt.number }).slice(0, -1);
      try {
        appendFileSync(join(attempt.folder, RUN_LOG), `${whose},${line.slice(1)}`);
      } catch (error) {
        if (!this.#failed) this.onError(error as Error);
        this.#failed = true;
      }
    }
  }
}
