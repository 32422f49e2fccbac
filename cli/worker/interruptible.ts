import { Lor2cError } from "../errors.js";

/** Does `work`; its signal is aborted with `message` at Ctrl-C or SIGTERM, so that it ends its worker and tidies up. */
export async function interruptible<T>(message: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupt = new AbortController();
  const stop = () => interrupt.abort(new Lor2cError("INTERRUPTED", message, undefined, 130));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    return await work(interrupt.signal);
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}
