import type { WorkerProcess } from "../worker/worker-process.js";

/** Milliseconds between two checks. */
const EVERY = 5000;
/** How long a worker may send nothing and use no CPU time. A download or a lock may take long; an hour is a hang. */
const LIMIT_SECONDS = 3600;

/**
 * Kills a worker that will never end: it sends nothing and uses no CPU time. A suspended worker may wait as long as the
 * user wants, and a busy one may compute as long as it needs.
 */
export class SilenceLimit {
  /** Why the worker was killed. */
  reason: string | null = null;
  #timer: NodeJS.Timeout | undefined;

  watch(
    worker: Pick<WorkerProcess, "silence" | "kill">,
    limit = secondsOf(process.env.LOR2C_SILENCE_LIMIT_SECONDS),
  ): void {
    const look = () => {
      const { idleSeconds } = worker.silence();
      if (idleSeconds < limit) return;
      this.release();
      this.reason = `the worker sent nothing and used no CPU for ${Math.round(idleSeconds)} s`;
      worker.kill();
    };
    this.#timer = setInterval(look, Math.min(EVERY, limit * 250));
    this.#timer.unref();
  }

  release(): void {
    clearInterval(this.#timer);
  }
}

function secondsOf(text: string | undefined): number {
  const value = Number(text);
  return text && Number.isFinite(value) && value > 0 ? value : LIMIT_SECONDS;
}
