/**
 * The states of a worker, and what ends each of them:
 *
 * starting  spawned, not ready      its start time-out ends it; `stop` and `kill` end it at once
 * ready     has no command          the code that started it: `send` or `stop`
 * working   has a command           the worker says `done`; its silence can be asked for (silence.ts)
 * stopping  was asked to end        stop grace, SIGTERM, its grace, SIGKILL
 * killed    was sent SIGKILL        the kernel; then its pipe may stay silent for 2 s
 * ended     process, children and output are gone
 */
export type WorkerState = "starting" | "ready" | "working" | "stopping" | "killed" | "ended";
