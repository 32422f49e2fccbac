import type { JobClock } from "./job-clock.js";
import type { JobListener } from "./model.js";
import type { Reporter } from "./reporter.js";

/** Milliseconds between two estimates. */
const EVERY = 1000;

/** Sends a reporter the progress of the whole job about once a second, while events arrive. */
export function timeTeller(reporter: Reporter, clock: JobClock): JobListener {
  let told = Number.NEGATIVE_INFINITY;
  const tell = () => {
    if (!reporter.timeLeft || performance.now() - told < EVERY) return;
    told = performance.now();
    reporter.timeLeft(clock.look());
  };
  return { lane() {}, event: tell, states: tell };
}
