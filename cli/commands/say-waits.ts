import { createWaiting, type Waiting } from "../views/waiting.js";
import { onWait } from "../worker/wait.js";

export interface Waits extends Waiting {
  /** From now on something else has the terminal, and says it. */
  end(): void;
}

const NOTHING: Waits = { show() {}, end() {} };
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
let current: Waits | undefined;

/**
 * Says on stderr what a command waits for while it does its `work`: its worker's start, downloads, rows. Not with --json,
 * whose stderr is for errors. One within another changes nothing. Begin with it: a terminal says something at once.
 */
export async function sayWaits<T>(json: boolean, work: (waits: Waits) => Promise<T>): Promise<T> {
  if (json) return await work(NOTHING);
  if (current) return await work(current);
  const waiting = createWaiting();
  let ended = false;
  const show: Waits["show"] = (wait) => {
    if (!ended) waiting.show(wait);
  };
  const release = onWait(show);
  const end = () => {
    release();
    show(null);
    ended = true;
  };
  const interrupted = (signal: NodeJS.Signals) => {
    end(); // a prompt must not stand behind a status
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  for (const signal of SIGNALS) process.once(signal, interrupted);
  current = { show, end };
  show({ kind: "load" });
  try {
    return await work(current);
  } finally {
    end();
    current = undefined;
    for (const signal of SIGNALS) process.off(signal, interrupted);
  }
}
