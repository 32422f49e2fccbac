/** Bytes that one worker is expected to need: Python with its libraries, a base-sized model, its optimizer. */
const WORKER_MEMORY = 2 * 1024 ** 3;

export interface Machine {
  /** `cpu` or `cuda:0`. */
  device: string;
  cores: number;
  /** Bytes that processes could still take. */
  freeMemory: number;
}

/**
 * How many workers train at a time on each device. `auto` is one per core, as far as memory goes, because a worker on
 * CPU uses one thread; and one on a GPU, whose memory two workers would have to share.
 */
export function jobsPerDevice(asked: number | "auto", { device, cores, freeMemory }: Machine): number {
  if (asked !== "auto") return asked;
  return device === "cpu" ? Math.max(1, Math.min(cores, Math.floor(freeMemory / WORKER_MEMORY))) : 1;
}
