/** Starts the command of `--notify`. */
import { spawn } from "node:child_process";

/** Milliseconds that the command may take. */
const TIMEOUT = 30_000;

export interface NotifyOptions {
  timeout?: number;
  /** Ends the command at once. */
  signal?: AbortSignal;
}

/**
 * Starts a program with `summary` as JSON on its input, and waits for it. What it writes goes to stderr. When it is over,
 * all that it has started ends too. Resolves with what went wrong, or null.
 */
export function notify(
  [program = "", ...args]: readonly string[],
  summary: object,
  { timeout = TIMEOUT, signal }: NotifyOptions = {},
): Promise<string | null> {
  return new Promise((resolve) => {
    // A group of its own: what it starts ends with it, and a terminal's Ctrl-C reaches only lor2c.
    const child = spawn(program, args, { stdio: ["pipe", 2, 2], detached: true });
    let why: string | null = null;
    const end = (reason: string) => {
      why ??= reason;
      killGroup(child.pid);
    };
    const timer = setTimeout(() => end(`was ended: it took more than ${timeout / 1000} s`), timeout);
    const onAbort = () => end("was ended by a signal");
    const onExit = () => killGroup(child.pid);
    signal?.addEventListener("abort", onAbort);
    process.on("exit", onExit);
    const over = (problem: string | null) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      process.off("exit", onExit);
      killGroup(child.pid);
      resolve(why ?? problem);
    };
    child.on("error", (error) => over(`could not be started: ${error.message}`));
    child.on("exit", (code, by) => over(code === 0 ? null : by ? `was ended by ${by}` : `exited with ${code}`));
    child.stdin?.on("error", () => {}); // it need not read
    child.stdin?.end(`${JSON.stringify(summary)}\n`);
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // all of it is over
  }
}
