import { randomUUID } from "node:crypto";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { WorkerError } from "../errors.js";
import { killLeftovers, signalGroup } from "./process-group.js";

export interface Exit {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
}

function spawn([file = "", ...args]: string[], stderr: number, env: Record<string, string | undefined>) {
  return execa(file, args, {
    env,
    extendEnv: false,
    stdin: "pipe",
    stdout: "pipe",
    // Any descriptor works here; the type lists only the first ones.
    stderr: stderr as 3,
    buffer: false,
    reject: false,
    // A group of its own: a signal reaches the worker's children too, and a terminal's Ctrl-C reaches only lor2c.
    detached: true,
    cleanup: false,
    forceKillAfterDelay: false,
  });
}

/** `environment` makes all variables of the process from its marker. Throws a WorkerError if there is no such program. */
export async function startProcess(
  command: string[],
  stderr: number,
  environment: (marker: string) => Record<string, string | undefined>,
): Promise<ProcessTree> {
  const marker = randomUUID();
  const child = spawn(command, stderr, environment(marker));
  if (child.pid === undefined) {
    const result = await child;
    throw new WorkerError("WORKER_SPAWN", `the worker could not be started: ${result.shortMessage ?? command[0]}`);
  }
  return new ProcessTree(child, child.pid, marker);
}

const living = new Set<ProcessTree>();

/** Sends SIGKILL to every process that was started here, and to what it has started. */
export function killAll(): void {
  for (const tree of living) {
    tree.signal("SIGKILL");
    killLeftovers(tree.pid, tree.marker);
  }
}
/** A worker ends when its stdin ends, unless it hangs. */
process.on("exit", killAll);

/** A process and everything that it starts: signalled and waited for as a whole. */
export class ProcessTree {
  readonly exited: Promise<Exit>;
  readonly stdin: Writable;
  readonly stdout: Readable;
  hasExited = false;

  constructor(
    child: ReturnType<typeof spawn>,
    readonly pid: number,
    readonly marker: string,
  ) {
    living.add(this);
    ({ stdin: this.stdin, stdout: this.stdout } = child);
    // Writing to a dead worker fails. The report uses its exit, which says more.
    child.stdin.on("error", () => {});
    this.exited = new Promise((resolve) => {
      child.once("exit", (exitCode, signal) => {
        this.hasExited = true;
        living.delete(this);
        killLeftovers(pid, marker);
        resolve({ exitCode, signal });
      });
    });
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.hasExited) signalGroup(this.pid, signal);
  }

  async exitsWithin(seconds: number): Promise<boolean> {
    const timer = new AbortController();
    const late = sleep(seconds * 1000, undefined, { signal: timer.signal }).catch(() => {});
    await Promise.race([this.exited, late]);
    timer.abort();
    return this.hasExited;
  }
}
