import type { Job } from "./job.js";

/** Tells the user that a job will stop, and why, because the current step may take a while. */
export function announce({ interrupts, reporter }: Pick<Job, "interrupts" | "reporter">): () => void {
  const { stop, kill } = interrupts;
  const onStop = () => reporter.message("warn", stopping(interrupts.cause));
  const onKill = () => reporter.message("warn", "ending the workers");
  stop.addEventListener("abort", onStop);
  kill.addEventListener("abort", onKill);
  return () => {
    stop.removeEventListener("abort", onStop);
    kill.removeEventListener("abort", onKill);
  };
}

function stopping(cause: string): string {
  if (cause === "SIGINT") return "stopping after the current step; a second Ctrl-C ends it at once";
  if (cause.startsWith("SIG")) return `${cause}: stopping after the current step; a second signal ends it at once`;
  return `stopping after the current step: ${cause}; Ctrl-C ends it at once`;
}
