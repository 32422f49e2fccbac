import type { Lane } from "../job/lane.js";
import type { EventOf, WorkerEvent } from "../protocol/messages.js";
import { formatSeconds } from "./format.js";
import { finishedLine } from "./plain-events.js";

/** Events of runs in training: they name all runs that train as one. */
const TRAINS: ReadonlySet<string> = new Set(["started", "progress", "metrics", "change"]);
/** Comes for one run of a lane after the other, since the worker checks each adapter. */
type Finished = EventOf<"finished">;

/** Lines of runs that finished; those that trained as one to their end, with equal scores, share one. */
export class FinishLines {
  readonly #seen = new WeakSet<Lane>();
  readonly #trained = new Map<string, Lane>();
  readonly #waiting = new Map<Lane, { run: string; event: Finished }[]>();

  /** `open`: whether a run may still end. */
  constructor(
    private readonly write: (runs: readonly string[], text: string) => void,
    private readonly open: (run: string) => boolean,
  ) {}

  /** Notes who trains together, and keeps what has finished until the last of a lane has. */
  event(lane: Lane, event: WorkerEvent): void {
    if (TRAINS.has(event.type) && !this.#seen.has(lane)) {
      this.#seen.add(lane);
      for (const run of lane.runs) this.#trained.set(run, lane);
    }
    if (event.type !== "finished") return;
    for (const run of lane.runs) {
      const together = this.#trained.get(run) ?? lane;
      this.#waiting.set(together, [...(this.#waiting.get(together) ?? []), { run, event }]);
      this.#flushIfOver(together);
    }
  }

  /** Writes what waits. */
  flush(): void {
    for (const lane of this.#waiting.keys()) this.#flush(lane);
  }

  #flushIfOver(lane: Lane): void {
    const ended = new Set(this.#waiting.get(lane)?.map(({ run }) => run));
    if (!lane.runs.some((run) => !ended.has(run) && this.open(run))) this.#flush(lane);
  }

  #flush(lane: Lane): void {
    const alike = new Map<string, { run: string; event: Finished }[]>();
    for (const one of this.#waiting.get(lane) ?? []) {
      const key = finishedLine(one.event, "");
      alike.set(key, [...(alike.get(key) ?? []), one]);
    }
    this.#waiting.delete(lane);
    for (const ended of alike.values()) {
      const [first] = ended;
      if (!first) continue;
      const took = formatSeconds(Math.max(...ended.map(({ event }) => event.total_seconds)));
      const text = finishedLine(first.event, ended.length === 1 ? took : `${took} each`);
      this.write(
        ended.map(({ run }) => run),
        text,
      );
    }
  }
}
