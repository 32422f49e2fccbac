/** Expected memory of a worker in bytes: Python with its libraries, a base-sized model, its optimizer. */
const WORKER_MEMORY = 2 * 1024 ** 3;

export interface Machine {
  /** `cpu` or `cuda:0`. */
  device: string;
  cores: number;
  /** Bytes of memory that processes can still use. */
  freeMemory: number;
}

/**
 * How many workers train at a time on each device. `auto` is one per core, as memory allows, because a worker on a CPU
 * uses one thread, and one on a GPU, because two workers would have to share its memory.
 */
export function jobsPerDevice(asked: number | "auto", { device, cores, freeMemory }: Machine): number {
  if (asked !== "auto") return asked;
  return device === "cpu" ? Math.max(1, Math.min(cores, Math.floor(freeMemory / WORKER_MEMORY))) : 1;
}
