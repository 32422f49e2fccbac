import type { RunningBundle } from "../executors/executor.js";
import type { Reporter } from "./reporter.js";

type Silence = NonNullable<ReturnType<RunningBundle["silence"]>>;
type Activity = Silence["process"];

/** Milliseconds between two checks. */
const EVERY = 5000;
/** Seconds of silence after which the user is told. Loading a large model or a long evaluation keeps a process busy. */
const WORTH: Record<Activity, number> = { stopped: 10, gone: 10, idle: 60, unknown: 120, busy: 600 };
const SAYS: Record<Activity, string> = {
  stopped: "its process is suspended, and kill -CONT lets it go on",
  gone: "its process is gone",
  idle: "its process runs and does nothing: it may wait for the network, a disk or a driver",
  unknown: "what its process does cannot be seen here",
  busy: "its process is busy",
};

export interface SilenceOptions {
  /** Interval of the checks, and below, seconds of silence; shorter in tests. */
  every?: number;
  /** Also called when the user is told; `since`: when the silence began. */
  onSilent?: (message: string, since: string) => void;
  worth?: Record<Activity, number>;
}

/** Tells the user when the worker falls silent, when its process then changes state, and when it sends events again. */
export function watchSilence(
  running: Pick<RunningBundle, "silence">,
  label: string,
  reporter: Pick<Reporter, "message">,
  { every = EVERY, worth = WORTH, onSilent }: SilenceOptions = {},
): () => void {
  let told: Activity | null = null;
  let began = "";
  const look = () => {
    const silence = running.silence();
    if (!silence) return;
    const { seconds, process } = silence;
    if (told !== null && seconds * 1000 < every) {
      told = null;
      reporter.message("info", `the worker of ${label} sends events again`);
    } else if (seconds >= worth[process] && process !== told) {
      const since = new Date(Date.now() - seconds * 1000);
      if (told === null) began = since.toISOString();
      told = process;
      const silent = `has sent nothing since ${since.toLocaleTimeString("en-GB")}: ${SAYS[process]}`;
      reporter.message("warn", `the worker of ${label} ${silent}`);
      onSilent?.(`the worker ${silent}`, began);
    }
  };
  const timer = setInterval(look, every);
  timer.unref();
  return () => clearInterval(timer);
}
